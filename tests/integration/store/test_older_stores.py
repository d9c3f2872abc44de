"""Stores that older versions of headrace wrote, as SQL in tests/data/stores, are gone on with."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.store.conftest import Project

pytestmark = pytest.mark.integration

OLDER = sorted(Path("tests/data/stores").glob("*.sql"))
PLACE = "/srv/headrace"
"""Where the artifacts were, in the stores."""


@pytest.fixture(params=OLDER, ids=lambda file: file.stem)
def older(request: pytest.FixtureRequest, project: Project, tmp_path: Path) -> Project:
    """The store, with the files of its artifacts."""
    file = tmp_path / "older.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(request.param.read_text().replace(PLACE, str(tmp_path)))
        places = connection.execute("select uri from Artifact where uri != ''").fetchall()
    for (uri,) in places:
        Path(uri).parent.mkdir(parents=True)
        Path(uri).write_text("ha-0.5-ha-0.5-")
    return project.at(f"sqlite:///{file}")


def test_it_is_read(older: Project) -> None:
    runs = {item["run_id"]: item["state"] for item in older.json("runs")}
    assert runs == {
        "first": "complete",
        "second": "complete",
        "third": "failed",
        "fourth": "running",
    }
    assert "the text is of the wrong kind" in older.json("show", "third")["executions"][1]["error"]
    assert set(older.states().values()) == {"live"}
    assert older.json("lineage", "1")["executions"]


def test_its_runs_go_on_under_the_executions_that_they_have(older: Project) -> None:
    [before] = [
        item["execution_id"]
        for item in older.json("show", "third")["executions"]
        if item["node_id"] == "Use"
    ]
    done = older.node("Use", "third", mode="fine")
    assert (done.state, done.execution_id) == ("COMPLETE", before)
    assert older.make("first", "ha").execution_id == 1


def test_what_it_has_left_open_is_closed_when_it_is_named(older: Project) -> None:
    [left] = [
        item["execution_id"]
        for item in older.json("show", "fourth")["executions"]
        if item["state"] == "running"
    ]
    done = older.json("doctor", "--repair")
    [[told]] = done["executions"].values()
    assert (told["execution_id"], told["state"]) == (left, "")
    done = older.json("doctor", "--repair", "--execution", str(left))
    [[closed]] = done["executions"].values()
    assert (closed["run_id"], closed["node_id"], closed["state"]) == ("fourth", "Use", "FAILED")


def test_it_can_be_copied_and_what_is_old_in_it_told(older: Project, tmp_path: Path) -> None:
    assert older.json("backup", str(tmp_path / "copy"))["executions"] == 8
    [told] = older.json("gc", "--older-than", "0", "--keep", "1")
    assert told["artifacts"] == []
