"""The commands that read the metadata store, over stores that are missing, torn or not theirs."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import EXIT_DONE, EXIT_FAILED
from tests.integration.postgres import Postgres
from tests.integration.store.conftest import Command

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("arguments", [["runs"], ["artifacts"], ["runs", "--pipeline", "x"]])
@pytest.mark.parametrize("kind", ["no file", "empty file", "empty database", "no database"])
def test_without_a_store_lists_are_empty_and_none_is_made(
    command: Command, arguments: list[str], kind: str, tmp_path: Path, request: Any
) -> None:
    file = tmp_path / "metadata.sqlite"
    url = f"sqlite:///{file}"
    if kind == "empty file":
        file.touch()
    if "database" in kind:
        postgres = request.getfixturevalue("postgres")
        url = postgres.url("empty" if kind == "empty database" else "nowhere")
    command.at(url)
    assert command.json(*arguments) == []
    assert command.err.startswith("nothing has run yet: there is no metadata store at ")
    assert command("show", "r1") == EXIT_FAILED
    assert command("lineage", "1") == EXIT_FAILED
    if "database" in kind:
        assert (
            postgres.query("empty", "select count(*) from pg_tables where schemaname = 'public'")
            == "0"
        )
        assert (
            postgres.query("postgres", "select datname from pg_database where datname = 'nowhere'")
            == ""
        )
    else:
        assert [(f.name, f.stat().st_size) for f in tmp_path.iterdir()] in ([], [(file.name, 0)])


def test_reading_changes_no_byte(command: Command, sqlite_file: Path, tmp_path: Path) -> None:
    alone = tmp_path / "metadata.sqlite"
    shutil.copy(sqlite_file, alone)
    before = alone.read_bytes()
    command.at(f"sqlite:///{alone}")
    for arguments in (["runs"], ["show", "r2"], ["artifacts"], ["lineage", "1"]):
        assert command(*arguments) == EXIT_DONE
    assert alone.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [alone.name]


@pytest.mark.parametrize(
    ("version", "advice"), [(9, "bin/headrace migrate"), (11, "newer headrace")]
)
def test_a_store_of_another_version_is_not_upgraded(
    command: Command, sqlite_file: Path, tmp_path: Path, version: int, advice: str
) -> None:
    other = tmp_path / "metadata.sqlite"
    shutil.copy(sqlite_file, other)
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("update MLMDEnv set schema_version = ?", (version,))
    before = other.read_bytes()
    command.at(f"sqlite:///{other}")
    assert command("runs") == EXIT_FAILED
    assert f"version {version}" in command.err
    assert advice in command.err
    assert other.read_bytes() == before


def test_what_a_killed_writer_left_half_written_is_not_shown(
    command: Command, sqlite_file: Path, tmp_path: Path
) -> None:
    copy, torn = tmp_path / "copy.sqlite", tmp_path / "torn.sqlite"
    shutil.copy(sqlite_file, copy)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("pragma cache_size = 1")
        connection.execute("update Context set name = 'half-' || name")
        row = "insert into ExecutionProperty (execution_id, name, is_custom_property, string_value)"
        rows = [(f"{row} values (1, ?, 1, ?)", (f"p{n}", "x" * 500)) for n in range(500)]
        for statement, values in rows:
            connection.execute(statement, values)
        # As the disk is after kill -9: part of the transaction in the file, the journal beside it.
        shutil.copy(copy, torn)
        shutil.copy(f"{copy}-journal", f"{torn}-journal")
        connection.rollback()
    assert b"half-" in torn.read_bytes()
    command.at(f"sqlite:///{torn}")
    assert {run["run_id"] for run in command.json("runs")} == {"r1", "r2", "r3"}


def test_a_file_that_is_no_store_is_named(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "metadata.sqlite"
    file.write_text("not a database at all\n" * 100)
    command.at(f"sqlite:///{file}")
    assert command("runs") == EXIT_FAILED
    assert command.err.startswith(f"headrace: metadata store sqlite:///{file}: file is not a")
    command.at(f"sqlite:///{tmp_path}")
    assert command("runs") == EXIT_FAILED
    assert "is no file" in command.err


def test_a_wrong_password_is_told_apart_from_an_empty_store_and_not_shown(
    command: Command, postgres: Postgres
) -> None:
    command.at(postgres.url("filled", "hunter2"))
    assert command("runs") == EXIT_FAILED
    assert "answers: check user, password" in command.err
    assert "hunter2" not in command.err
