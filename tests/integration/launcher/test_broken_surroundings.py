"""Stores and data directories that cannot be used are named."""

import sqlite3
from pathlib import Path

import pytest

from headrace.ir.store import current_ir
from headrace.launcher.client import (
    JobFailed,
)
from headrace.settings import Settings
from tests.integration.launcher.conftest import Tiny

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [(b"this is no database at all, " * 50, 0o644, "not a database"), (b"", 0o644, None)],
)
def test_a_damaged_database_is_named(
    runs: Tiny, content: bytes, mode: int, reason: str | None
) -> None:
    runs.database.write_bytes(content)
    runs.database.chmod(mode)
    if reason is None:  # an empty file is a new SQLite database
        assert runs.run("Make").state == "COMPLETE"
        return
    with pytest.raises(JobFailed) as caught:
        runs.run("Make")
    assert str(runs.database) in str(caught.value)
    assert reason in str(caught.value)
    assert runs.database.read_bytes() == content


def test_a_database_that_another_program_holds_is_named(runs: Tiny) -> None:
    runs.run("Make")
    with sqlite3.connect(runs.database) as holder:
        holder.execute("begin exclusive")
        with pytest.raises(JobFailed) as caught:
            runs.run("Make", run="r2")
        holder.rollback()
    assert str(runs.database) in str(caught.value)
    assert "another program holds it" in str(caught.value)
    assert caught.value.error.transient
    assert runs.run("Make", run="r2").state in ("COMPLETE", "CACHED")


@pytest.mark.parametrize("directory", ["missing", "empty"])
def test_a_data_directory_without_data_is_named(
    settings: Settings,
    tmp_path: Path,
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    directory: str,
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("TINY_DATA", str(tmp_path / directory))
    pipeline = tmp_path / f"csv_{directory}.py"
    text = Path("tests/data/pipelines/csv_only.py").read_text()
    pipeline.write_text(text.replace('"csv_only"', f'"csv_{directory}"'))
    runs = Tiny(settings, current_ir(f"{pipeline}:create_pipeline", settings), database)
    with pytest.raises(JobFailed, match=rf"{tmp_path}/{directory}/\* does not match any files"):
        runs.run("CsvExampleGen")
    assert runs.states() == ["FAILED"]


def test_a_store_in_a_place_that_cannot_be_made_is_named(runs: Tiny, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    runs.database = tmp_path / "file" / "deeper" / "m.sqlite"
    with pytest.raises(JobFailed, match=r"directory .*deeper cannot be made"):
        runs.run("Make")
