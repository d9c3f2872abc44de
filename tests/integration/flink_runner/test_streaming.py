"""A streaming job with windows and triggers: stopped, resumed, struck by a failure, and exact."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import httpx
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from headrace.flink.job_api import JobApi
from headrace.flink_runner.result import FlinkResult
from tests.data.streaming import watched
from tests.integration.flink_runner.conftest import Flink
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

WORDS = ("mill", "water", "mill")
"""Of each second. A file has five seconds, and a window two files."""


class Stream:
    """The job, what it is fed and what it writes."""

    def __init__(self, flink: Flink, place: Path) -> None:
        self.flink = flink
        self.source, self.target = place / "in", place / "out"
        self.source.mkdir()
        self.target.mkdir()
        self.fed = 0
        self.job_id = ""

    def start(self, *arguments: str) -> FlinkResult:
        options = PipelineOptions(
            [
                "--runner=headrace.flink_runner.FlinkRunner",
                "--streaming",
                "--parallelism=2",
                "--flink_option=execution.checkpointing.interval=700ms",
                "--flink_option=execution.checkpointing.min-pause=100ms",
                *arguments,
            ]
        )
        pipeline = beam.Pipeline(options=options)
        watched.build(pipeline, str(self.source), str(self.target))
        result: FlinkResult = pipeline.run()
        self.job_id = result.flink_job_id
        return result

    def feed(self, files: int) -> None:
        for number in range(self.fed, self.fed + files):
            seconds = range(5 * number, 5 * number + 5)
            lines = [f"{second} {word}\n" for second in seconds for word in WORDS]
            partial = self.source / ".partial"
            partial.write_text("".join(lines))
            partial.rename(self.source / f"{number:06d}.txt")
        self.fed += files

    def forget(self) -> None:
        """Remove every file that was fed: only what the job itself keeps knows of them now."""
        for file in self.source.iterdir():
            file.unlink()

    def counts(self) -> dict[tuple[int, str], int]:
        """What each closed window says."""
        return {
            (int(start), word): json.loads(file.read_text())
            for file in self.target.glob("*-on_time-*.json")
            for start, word in [file.name.split("-")[:2]]
        }

    def wait_for(self, *windows: int) -> None:
        wanted = {(start, word) for start in windows for word in WORDS}
        wait_until(lambda: wanted <= set(self.counts()))

    def ask(self, path: str) -> Any:
        return httpx.get(f"{self.flink.cluster.rest_url}/jobs/{self.job_id}{path}").json()

    def wait_for_checkpoints(self) -> None:
        """Wait for two more: the second has begun after this call."""
        before = self.ask("/checkpoints")["counts"]["completed"]
        wait_until(lambda: self.ask("/checkpoints")["counts"]["completed"] >= before + 2)


@pytest.fixture
def stream(flink: Flink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stream]:
    monkeypatch.setenv("HEADRACE_HOME", str(flink.settings.home))
    made = Stream(flink, tmp_path)
    yield made
    with JobApi(flink.cluster.rest_url) as api:
        api.cancel(made.job_id)


def exactly(*windows: int) -> dict[tuple[int, str], int]:
    return {(start, word): 10 * WORDS.count(word) for start in windows for word in WORDS}


def test_a_stream_is_stopped_with_a_savepoint_goes_on_from_it_and_survives_a_lost_task_manager(
    flink: Flink, stream: Stream
) -> None:
    first = stream.start()
    stream.feed(3)
    stream.wait_for(0)
    assert stream.ask("/checkpoints/config")["interval"] == 700
    stopped = flink.headrace("flink", "stop", first.flink_job_id)
    assert stopped.returncode == 0, stopped.stderr
    assert flink.state(first.flink_job_id) == "FINISHED"
    wait_until(lambda: not flink.harnesses())
    stream.forget()
    written = {file: file.stat().st_mtime_ns for file in stream.target.glob("000000-*")}

    second = stream.start(f"--savepoint_path={stopped.stdout.strip()}")
    stream.feed(2)
    stream.wait_for(10)
    assert stream.counts() == exactly(0, 10)
    assert any(stream.target.glob("000010-mill-early-*"))
    assert {file: file.stat().st_mtime_ns for file in stream.target.glob("000000-*")} == written

    stream.wait_for_checkpoints()
    stream.forget()
    os.kill(flink.cluster.processes["taskmanager-1"].pid, signal.SIGKILL)
    stream.feed(4)
    stream.wait_for(20, 30)
    assert stream.counts() == exactly(0, 10, 20, 30)
    assert stream.ask("/checkpoints")["counts"]["restored"] == 2
    savepoint = second.stop_with_savepoint(str(stream.target.parent / "savepoints"))
    assert savepoint.startswith(f"file:{stream.target.parent}/savepoints/savepoint-")
    wait_until(lambda: flink.status()["slots"] == {"total": 2, "free": 2})
