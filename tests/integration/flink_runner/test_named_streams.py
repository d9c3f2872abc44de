"""Named streams on Flink: stopped, cut off, started again, and exact."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.components.stream_example_gen.rows import RowFormat, read_rows
from headrace.flink.job_api import JobApi
from tests.data.streaming.adder import push
from tests.integration.flink_runner.conftest import Flink
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

FILES = "tests/data/streaming/file_stream.py:create_stream"
PREDICTIONS = "tests/data/streaming/inference_stream.py:create_stream"
ELEMENTS = "tests/data/streaming/element_stream.py:create_stream"


class Stream:
    """The stream by its command, and what it is fed and has landed."""

    def __init__(self, flink: Flink, place: Path) -> None:
        self.flink, self.out = flink, place / "out"
        self.target, self.column = FILES, "time"
        self.source = place / "in"
        self.source.mkdir()

    def command(self, name: str, *arguments: str) -> str:
        done = self.flink.headrace("stream", name, self.target, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.flink.headrace("stream", "status", self.target, "--json").stdout
        )
        return found

    def cut_off(self) -> None:
        """End the job as a failure would: what it did since its last checkpoint is not kept."""
        job_id = self.status()["job_id"]
        with JobApi(self.flink.cluster.rest_url) as api:
            api.cancel(job_id)
        wait_until(lambda: self.flink.state(job_id) == "CANCELED")
        assert self.status()["state"] == "CANCELED"

    def feed(self, name: str, *numbers: int) -> None:
        rows = "".join(f"{number},{name}\n" for number in numbers)
        aside = self.source / f".{name}"
        aside.write_text(f"{self.column},word\n{rows}")
        aside.rename(self.source / f"{name}.csv")

    def predicted(self) -> list[tuple[str, str, float]]:
        """Word, model and prediction of each row."""
        files = sorted(self.out.glob("predictions/*.jsonl"))
        rows = [json.loads(line) for file in files for line in file.read_text().splitlines()]
        return [(row["keys"]["word"], row["model"], row["outputs"]["sum"]) for row in rows]

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


def test_a_stream_lands_each_row_once_over_a_stop_and_a_cancelled_job(stream: Stream) -> None:
    assert "started" in stream.command("start")
    assert "runs already" in stream.command("start")
    stream.feed("a", 1, 11, 2)
    stream.feed("b", 16, 3)  # 3 still counts: what closes its window is in the same file
    wait_until(lambda: stream.landed() == {0: 3})
    savepoint = stream.command("stop").strip()
    assert stream.status()["state"] == "STOPPED"
    for file in stream.source.iterdir():  # only the savepoint and the journal know of them now
        file.unlink()
    stream.out.rename(stream.out.with_name("elsewhere"))
    refused = stream.flink.headrace("stream", "start", stream.target)
    assert refused.returncode == 1
    assert "its directory is gone" in refused.stderr
    stream.out.with_name("elsewhere").rename(stream.out)

    assert savepoint in stream.command("start")
    stream.feed("c", 4, 12, 27)
    wait_until(lambda: stream.landed() == {0: 3, 1: 3})
    stream.feed("d", 36, 5)  # 5 is late
    wait_until(lambda: stream.landed() == {0: 3, 1: 3, 2: 1})

    stream.cut_off()
    assert "chk-" in stream.command("start")
    stream.feed("e", 47)
    wait_until(lambda: stream.landed() == {0: 3, 1: 3, 2: 1, 3: 1})
    assert stream.status()["counts"] == {
        "files": 5, "rows": 9, "late": 2, "bad": 0, "spans": 4, "landed_rows": 8,
        "predicted_files": 0,
    }  # fmt: skip
    stream.command("stop")


def test_each_element_of_an_unbounded_source_lands_once_although_the_job_is_cut_off(
    stream: Stream,
) -> None:
    stream.target = ELEMENTS
    stream.command("start")
    wait_until(lambda: len(stream.landed()) >= 2)
    stream.cut_off()
    before = len(stream.landed())
    assert "chk-" in stream.command("start")
    wait_until(lambda: len(stream.landed()) >= before + 2)
    stream.command("stop")
    spans = stream.landed()
    first = min(spans)
    assert sorted(spans) == list(range(first, first + len(spans)))
    for span in spans:  # eight in each second, all of them, and none twice
        rows = read_rows(
            stream.out / "spans" / f"span-{span}" / "data-00000-of-00001.gz",
            RowFormat(time_column="number"),
        )
        assert sorted(rows.times) == list(range(8 * span, 8 * span + 8))


def test_predictions_are_by_the_model_that_was_pushed_last_without_a_restart(
    flink: Flink, stream: Stream
) -> None:
    stream.target, stream.column = PREDICTIONS, "count"
    serving = stream.source.with_name("serving")
    serving.mkdir()
    push(serving, 1, 0.5)
    stream.command("start")
    stream.feed("a", 1, 2)
    wanted = [("a", "1", 1.5), ("a", "1", 2.5)]
    wait_until(lambda: stream.predicted() == wanted)
    job = stream.status()["job_id"]

    push(serving, 2, 10)
    stream.feed("b", 3)
    wanted += [("b", "2", 13.0)]
    wait_until(lambda: stream.predicted() == wanted)
    assert flink.state(job) == "RUNNING"

    stream.feed("c", 4)
    taken = stream.source / "c.csv"
    wait_until(lambda: len(stream.predicted()) == 4)
    stream.cut_off()
    taken.write_text(taken.read_text() + "5,c\n")
    stream.command("start", "--fresh")

    def reason() -> str:
        return str(stream.status()["reason"])

    wait_until(lambda: "c.csv" in reason())
