import apache_beam as beam
import pytest
from apache_beam.transforms.periodicsequence import PeriodicImpulse

from headrace.flink_runner.streams import has_side_inputs, is_unbounded


def described(side_input: bool, unbounded: bool) -> object:
    pipeline = beam.Pipeline()
    data = pipeline | (PeriodicImpulse() if unbounded else beam.Create([1, 2]))
    if side_input:
        others = pipeline | "Others" >> beam.Create([3])
        data | beam.Map(lambda item, all_others: item, beam.pvalue.AsList(others))
    return pipeline.to_runner_api()


@pytest.mark.parametrize("side_input", [False, True])
@pytest.mark.parametrize("unbounded", [False, True])
def test_a_pipeline_says_whether_it_ends_and_has_side_inputs(
    side_input: bool, unbounded: bool
) -> None:
    pipeline = described(side_input, unbounded)
    assert has_side_inputs(pipeline) == side_input
    assert is_unbounded(pipeline) == unbounded
