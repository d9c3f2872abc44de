"""A stream of files on Flink: stopped, cut off, started again, and exact."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.flink.job_api import JobApi
from tests.integration.flink_runner.conftest import Flink, wait_until

pytestmark = pytest.mark.integration

TARGET = "tests/data/streaming/file_stream.py:create_stream"


class Stream:
    """The stream by its command, and what it is fed and has landed."""

    def __init__(self, flink: Flink, place: Path) -> None:
        self.flink, self.out = flink, place / "out"
        self.source = place / "in"
        self.source.mkdir()

    def command(self, name: str, *arguments: str) -> str:
        done = self.flink.headrace("stream", name, TARGET, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.flink.headrace("stream", "status", TARGET, "--json").stdout
        )
        return found

    def feed(self, name: str, *times: int) -> None:
        rows = "".join(f"{time},{name}\n" for time in times)
        aside = self.source / f".{name}"
        aside.write_text(f"time,word\n{rows}")
        aside.rename(self.source / f"{name}.csv")

    def landed(self) -> dict[int, int]:
        """Rows of each span that was announced."""
        found = [json.loads(path.read_text()) for path in self.out.glob("outbox/span-*.json")]
        return {one["span"]: one["rows"] for one in found}


@pytest.fixture
def stream(flink: Flink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stream]:
    monkeypatch.setitem(flink.environ, "STREAM_TEST_PLACE", str(tmp_path))
    made = Stream(flink, tmp_path)
    yield made
    with JobApi(flink.cluster.rest_url) as api:
        for job in flink.running_jobs():
            api.cancel(job["job_id"])


def test_a_stream_lands_each_row_once_over_a_stop_and_a_cancelled_job(
    flink: Flink, stream: Stream
) -> None:
    assert "started" in stream.command("start")
    assert "runs already" in stream.command("start")
    stream.feed("a", 1, 11, 2)
    stream.feed("b", 16, 3)  # 3 still counts: what closes its window is in the same file
    wait_until(lambda: stream.landed() == {0: 3}, 240)
    savepoint = stream.command("stop").strip()
    assert stream.status()["state"] == "STOPPED"
    for file in stream.source.iterdir():  # only the savepoint and the journal know of them now
        file.unlink()

    assert savepoint in stream.command("start")
    stream.feed("c", 4, 12, 27)
    wait_until(lambda: stream.landed() == {0: 3, 1: 3}, 240)
    stream.feed("d", 36, 5)  # 5 is late
    wait_until(lambda: stream.landed() == {0: 3, 1: 3, 2: 1}, 240)

    # What it has done since its last checkpoint, if anything, is done again.
    with JobApi(flink.cluster.rest_url) as api:
        api.cancel(stream.status()["job_id"])
    wait_until(lambda: stream.status()["state"] == "CANCELED")
    assert "chk-" in stream.command("start")
    stream.feed("e", 47)
    wait_until(lambda: stream.landed() == {0: 3, 1: 3, 2: 1, 3: 1}, 240)
    assert stream.status()["counts"] == {
        "files": 5, "rows": 9, "late": 2, "bad": 0, "spans": 4, "landed_rows": 8,
    }  # fmt: skip
    stream.command("stop")
