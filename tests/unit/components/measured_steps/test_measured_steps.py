import json
from pathlib import Path
from types import SimpleNamespace

import apache_beam as beam
import tensorflow as tf
from tfx import v1 as tfx
from tfx.types import standard_artifacts

from headrace.components.measured_steps import Measured, StepCost, step_costs, write_costs
from headrace.node.direct_runner import DirectRunner


def test_each_named_step_has_time_and_memory_and_passes_values_on(tmp_path: Path) -> None:
    with beam.Pipeline(runner=DirectRunner()) as pipeline:
        _ = (
            pipeline
            | beam.Create([("a", 1), ("b", 2), ("a", 3)])
            | Measured("Add", beam.CombinePerKey(sum))
            | Measured("Text", beam.MapTuple(lambda key, number: f"{key}{number}"))
            | Measured("Write", beam.io.WriteToText(str(tmp_path / "sums")))
        )
    costs = step_costs(pipeline.result)
    assert [cost.step for cost in costs] == ["Add", "Text", "Write"]
    assert all(cost.seconds is not None and cost.seconds >= 0 for cost in costs)
    assert all(cost.memory_mb > 10 for cost in costs)
    [file] = tmp_path.glob("sums*")
    assert sorted(file.read_text().split()) == ["a4", "b2"]


def test_a_runner_that_does_not_sample_has_the_workers_figures() -> None:
    with beam.Pipeline(runner=DirectRunner()) as pipeline:
        numbers = pipeline | beam.Create([("a", 200_000)] * 20)
        _ = (
            numbers
            | Measured("Add", beam.MapTuple(_add))
            | Measured("Sum", beam.CombinePerKey(sum))
        )
    own = pipeline.result
    [added, summed] = step_costs(own)
    # As of Flink's job service: what the user's code counts, and no more.
    portable = SimpleNamespace(metrics=own.metrics)
    [told, told_sum] = step_costs(portable)
    assert told.seconds is not None
    assert added.seconds is not None
    assert 0 < told.seconds <= 1.1 * added.seconds + 0.01
    assert told_sum.step == summed.step == "Sum"


def _add(key: str, number: int) -> tuple[str, int]:
    return key, sum(range(number))


def test_a_step_that_is_used_twice_has_one_cost(tmp_path: Path) -> None:
    with beam.Pipeline(runner=DirectRunner()) as pipeline:
        for name in ("one", "two"):
            numbers = pipeline | name >> beam.Create([1])
            _ = numbers | f"within {name}" >> _Within()
    assert [cost.step for cost in step_costs(pipeline.result)] == ["Same"]


class _Within(beam.PTransform):
    def expand(self, values):
        return values | Measured("Same", beam.Map(str))


@tfx.dsl.components.component(use_beam=True)
def CountWords(
    examples: tfx.dsl.components.InputArtifact[standard_artifacts.Examples],
    counts: tfx.dsl.components.OutputArtifact[standard_artifacts.HyperParameters],
    pipeline: tfx.dsl.components.BeamComponentParameter[beam.Pipeline] = None,
):
    with pipeline as root:
        records = root | beam.io.ReadFromTFRecord(f"{examples.uri}/Split-*/*")
        words = records | beam.Map(tf.train.Example.FromString) | Measured("Words", beam.Map(str))
        _ = words | Measured("Count", beam.combiners.Count.PerElement())
    write_costs(step_costs(root.result), counts.uri)


def test_a_component_has_the_costs_of_its_steps(component, examples) -> None:
    made = component(CountWords, examples=examples([{"word": "a"}, {"word": "b"}]))["counts"]
    kept = json.loads(Path(made.uri, "steps.json").read_text())
    assert [cost["step"] for cost in kept] == ["Count", "Words"]


def test_costs_are_kept_as_json(tmp_path: Path) -> None:
    write_costs([StepCost("Add", None, 12)], str(tmp_path))
    kept = json.loads((tmp_path / "steps.json").read_text())
    assert kept == [{"step": "Add", "seconds": None, "memory_mb": 12}]
