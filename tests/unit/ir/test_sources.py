import os
import time
from pathlib import Path

import pytest

from headrace.ir.manifest import SourceFile, SourceKind
from headrace.ir.sources import (
    distrust_if_changed_since,
    refreshed,
    snapshot,
    unchanged_at_a_glance,
)


def rewrite(path: Path, text: str) -> None:
    """Write with another time than before, however coarse the file system's clock is."""
    earlier = path.stat().st_mtime_ns
    path.write_text(text)
    os.utime(path, ns=(earlier + 10**9, earlier + 10**9))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "names.py"
    path.write_text("x = 1\n")
    return path


def test_an_untouched_file_is_unchanged_without_reading_it(file: Path) -> None:
    source = snapshot(file)
    assert source.kind is SourceKind.FILE
    assert unchanged_at_a_glance(source)
    assert refreshed(source) is source


def test_a_touched_file_is_the_same_by_its_digest(file: Path) -> None:
    source = snapshot(file)
    rewrite(file, "x = 1\n")
    assert not unchanged_at_a_glance(source)
    now = refreshed(source)
    assert now is not None
    assert (now.sha256, unchanged_at_a_glance(now)) == (source.sha256, True)


@pytest.mark.parametrize("text", ["x = 2\n", "x = 22\n", ""])
def test_another_content_is_a_change(file: Path, text: str) -> None:
    source = snapshot(file)
    rewrite(file, text)
    assert refreshed(source) is None


def test_a_removed_file_and_one_that_became_a_directory_are_changes(file: Path) -> None:
    source = snapshot(file)
    file.unlink()
    assert refreshed(source) is None
    file.mkdir()
    assert refreshed(source) is None


def test_what_was_looked_for_in_vain_is_a_change_once_it_is_there(tmp_path: Path) -> None:
    wanted = tmp_path / "later.py"
    source = snapshot(wanted)
    assert source.kind is SourceKind.ABSENT
    assert refreshed(source) is source
    wanted.touch()
    assert refreshed(source) is None


def test_a_directory_of_modules_changes_with_the_names_in_it_alone(file: Path) -> None:
    source = snapshot(file.parent)
    assert source.kind is SourceKind.MODULES
    (file.parent / "data.csv").touch()
    assert refreshed(source) is not None
    (file.parent / "more.py").touch()
    assert refreshed(source) is None


def test_a_file_written_while_it_was_read_is_never_trusted(file: Path) -> None:
    start = file.stat().st_mtime_ns
    source = distrust_if_changed_since(snapshot(file), start, time.time_ns())
    assert source.sha256 == ""
    assert not unchanged_at_a_glance(source)
    assert refreshed(source) is None
    assert distrust_if_changed_since(snapshot(file), start + 1, start + 2) == snapshot(file)


def test_an_absent_source_needs_no_digest() -> None:
    source = SourceFile("/nowhere/at/all", "", 0, 0, SourceKind.ABSENT)
    assert distrust_if_changed_since(source, 0, 1) is source
