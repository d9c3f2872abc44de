import json
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.errors import HeadraceError, UsageError
from headrace.settings import Settings, load_settings
from headrace.streams.control import is_running, start, status, stop
from headrace.streams.counts import StreamCounts, announcements, count_stream
from headrace.streams.state import StreamState, name_stream, read_state, state_path, write_state


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = load_settings(tmp_path)
    return replace(found, project=tmp_path, home=tmp_path / ".headrace")


@pytest.fixture
def clicks(settings: Settings) -> Settings:
    file = settings.project / "pipelines" / "clicks" / "stream.py"
    file.parent.mkdir(parents=True)
    file.write_text("def create_stream(): ...\n")
    return settings


def test_a_name_is_that_of_a_pipelines_stream(clicks: Settings) -> None:
    found = name_stream("clicks", clicks)
    assert found.name == "clicks"
    assert found.target == f"{clicks.project}/pipelines/clicks/stream.py:create_stream"


def test_a_function_has_a_name_that_can_be_a_files(clicks: Settings) -> None:
    found = name_stream("pipelines/clicks/stream.py:other", clicks)
    assert found.name == "pipelines-clicks-stream-other"


@pytest.mark.parametrize("text", ["", "[]", '{"rows": "3", "late": 0, "bad": 0}', "[" * 20_000])
def test_a_damaged_count_is_named_by_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "read").mkdir()
    (tmp_path / "read" / "0.json").write_text(text)
    with pytest.raises(HeadraceError, match=r"read/0\.json is damaged"):
        count_stream(tmp_path)


def test_a_stream_that_is_not_there_is_refused_with_where_it_would_be(clicks: Settings) -> None:
    with pytest.raises(UsageError, match=r"no stream 'nix': .*pipelines/nix/stream\.py"):
        name_stream("nix", clicks)


def test_state_is_kept_and_that_of_a_new_stream_is_empty(settings: Settings) -> None:
    assert read_state(settings, "clicks") == StreamState()
    state = StreamState("a.py:b", "1234", directory="out").stopped("file:/savepoint")
    write_state(settings, "clicks", state)
    assert read_state(settings, "clicks") == state


def test_a_damaged_state_is_named(settings: Settings) -> None:
    path = state_path(settings, "clicks")
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(HeadraceError, match="is damaged"):
        read_state(settings, "clicks")


def test_counts_are_those_of_the_directory(tmp_path: Path) -> None:
    assert count_stream(tmp_path) == StreamCounts()
    for number in (1, 2):
        read = {"file": "a", "rows": 5, "late": 1, "bad": 2}
        span = {"span": 11 - number, "rows": 4}
        for path, found in ((f"read/{number}.json", read), (f"outbox/span-{number}.json", span)):
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(json.dumps(found))
    (tmp_path / "outbox" / ".span-3.json").write_text("half")
    (tmp_path / "predictions").mkdir()
    (tmp_path / "predictions" / "00000001.jsonl").write_text("{}\n")
    (tmp_path / "predictions" / ".00000002.jsonl").write_text("half")
    assert count_stream(tmp_path) == StreamCounts(2, 10, 2, 4, 2, 8, 1)
    assert [one["span"] for one in announcements(tmp_path)] == [9, 10]


def test_without_a_cluster_start_and_stop_say_so_and_status_still_counts(clicks: Settings) -> None:
    assert status(clicks, "clicks")["state"] == "NEVER STARTED"
    for command in (start, stop):
        with pytest.raises(HeadraceError, match="Flink"):
            command(clicks, "clicks")
    out = clicks.project / "out"
    write_state(clicks, "clicks", StreamState("t", "1234", directory=str(out)))
    found = status(clicks, "clicks")
    assert found["state"] == "NO CLUSTER"
    assert "Flink" in found["reason"]
    assert found["counts"]["rows"] == 0
    assert not is_running(found)
