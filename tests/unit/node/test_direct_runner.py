import apache_beam as beam
import pytest
from apache_beam.testing.test_stream import TestStream
from apache_beam.testing.util import assert_that, equal_to

RUNNER = "--runner=headrace.node.direct_runner.DirectRunner"


def test_a_pipeline_is_translated_once_and_not_back(monkeypatch: pytest.MonkeyPatch) -> None:
    translated = []
    translate = beam.Pipeline.to_runner_api

    def noting(pipeline, *args, **kwargs):
        translated.append(pipeline)
        return translate(pipeline, *args, **kwargs)

    monkeypatch.setattr(beam.Pipeline, "to_runner_api", noting)
    with beam.Pipeline(argv=[RUNNER]) as pipeline:
        sums = pipeline | beam.Create([1, 2, 3]) | beam.CombineGlobally(sum)
        assert_that(sums, equal_to([6]))
    assert translated == [pipeline]


def test_a_streaming_pipeline_runs_too() -> None:
    with beam.Pipeline(argv=[RUNNER, "--streaming"]) as pipeline:
        stream = TestStream().add_elements([1, 2]).advance_watermark_to_infinity()
        assert_that(pipeline | stream | beam.Map(lambda number: number + 1), equal_to([2, 3]))
