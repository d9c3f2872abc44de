from pathlib import Path

import pytest

from headrace.components.stream_example_gen.journal import Journal, StreamError, paths_of


def test_a_file_is_taken_once_also_by_a_process_that_begins_later(tmp_path: Path) -> None:
    source, kept = tmp_path / "in", tmp_path / "journal"
    source.mkdir()
    (source / "a.csv").write_text("x\n1\n")
    first = Journal(kept).take(0, source, "*.csv")
    assert first is not None
    assert paths_of([first]) == [str(source / "a.csv")]
    assert Journal(kept).take(1, source, "*.csv") is None


def test_a_journal_without_its_beginning_is_not_gone_on_with(tmp_path: Path) -> None:
    """As when the directory was emptied, and the stream goes on from its savepoint."""
    (tmp_path / "a.csv").write_text("x\n1\n")
    with pytest.raises(StreamError, match=r"entry 3 of its journal.*00000000\.json is missing"):
        Journal(tmp_path / "journal").take(3, tmp_path, "*.csv")
    assert not (tmp_path / "journal").exists()
