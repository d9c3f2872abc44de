"""How the slots of a TaskManager share harnesses: not at all."""

import os
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from tests.integration.flink_runner.conftest import Flink

pytestmark = pytest.mark.integration

BRANCHES = 4


def test_each_slot_works_in_a_harness_of_its_own(
    flink: Flink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_HOME", str(flink.settings.home))
    options = PipelineOptions(["--runner=headrace.flink_runner.FlinkRunner", "--parallelism=2"])
    with beam.Pipeline(options=options) as pipeline:
        for branch in range(BRANCHES):
            # A reshuffle deals elements out to the slots in turns.
            (
                pipeline
                | f"Make{branch}" >> beam.Create(range(8))
                | f"Deal{branch}" >> beam.Reshuffle()
                | f"Ask{branch}" >> beam.Map(lambda _: str(os.getpid()))
                | f"Once{branch}" >> beam.Distinct()
                | f"Write{branch}" >> beam.io.WriteToText(str(tmp_path / f"{branch}-"))
            )
    processes = [
        {pid for file in tmp_path.glob(f"{branch}-*") for pid in file.read_text().split()}
        for branch in range(BRANCHES)
    ]
    assert [len(pids) for pids in processes] == [2] * BRANCHES
    assert len(set.union(*processes)) == 2
