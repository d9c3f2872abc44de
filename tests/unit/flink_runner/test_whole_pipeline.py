from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.metrics import Metrics, MetricsFilter
from apache_beam.metrics.cells import DistributionData, StringSetData
from apache_beam.metrics.monitoring_infos import (
    extract_counter_value,
    int64_user_counter,
    int64_user_distribution,
    user_set_string,
)
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.environments import EmbeddedPythonEnvironment

from headrace.flink_runner.whole_pipeline import RunWholePipeline, pack, unfolded, unpack


class Weigh(beam.DoFn):
    def process(self, word: Any) -> Iterator[tuple[int, str]]:
        Metrics.counter("words", "seen").inc()
        Metrics.distribution("words", "length").update(len(word))
        yield len(word), word


def written_by(place: Path, words: list[Any]) -> bytes:
    """A pipeline with a shuffle, a side input and a sink."""
    pipeline = beam.Pipeline(runner="DirectRunner", options=PipelineOptions([]))
    all_words = pipeline | beam.Create(words)
    total = all_words | beam.combiners.Count.Globally()
    (
        all_words
        | beam.ParDo(Weigh())
        | beam.GroupByKey()
        | beam.Map(
            lambda item, of: f"{item[0]} {'+'.join(sorted(item[1]))} of {of}",
            of=beam.pvalue.AsSingleton(total),
        )
        | beam.io.WriteToText(str(place), shard_name_template="")
    )
    here = EmbeddedPythonEnvironment.default()
    return bytes(pipeline.to_runner_api(default_environment=here).SerializeToString())


def run(pipeline: bytes) -> Any:
    outer = beam.Pipeline(runner="FnApiRunner", options=PipelineOptions([]))
    outer | beam.Impulse() | beam.ParDo(RunWholePipeline(pipeline))
    result = outer.run()
    result.wait_until_finish()
    return result


def test_a_pipeline_runs_within_a_step_of_another(tmp_path: Path) -> None:
    run(written_by(tmp_path / "out", ["mill", "water", "weir"]))
    assert sorted((tmp_path / "out").read_text().splitlines()) == [
        "4 mill+weir of 3",
        "5 water of 3",
    ]


def test_what_the_inner_pipeline_measured_is_in_a_metric_of_the_outer(tmp_path: Path) -> None:
    result = run(written_by(tmp_path / "out", ["mill", "water", "weir"]))
    [held] = result.metrics().query(MetricsFilter().with_name("metrics"))["string_sets"]
    [text] = held.committed
    [seen] = [info for info in unpack(text) if info.labels["NAME"] == "seen"]
    assert extract_counter_value(seen) == 3
    assert {info.labels["NAME"] for info in unpack(text)} >= {"seen", "length"}


def test_an_error_of_the_inner_pipeline_is_that_of_the_outer(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="object of type 'int' has no len"):
        run(written_by(tmp_path / "out", ["mill", 7]))


def test_metrics_that_one_metric_holds_are_put_in_its_place() -> None:
    inner = [
        int64_user_counter("words", "seen", 3, ptransform="Weigh"),
        int64_user_distribution("words", "length", DistributionData(13, 3, 4, 5), "Weigh"),
    ]
    holder = user_set_string(
        "headrace:whole_pipeline", "metrics", StringSetData({pack(inner)}), "the whole pipeline"
    )
    other = int64_user_counter("flink", "other", 1)
    assert list(unfolded([other, holder])) == [other, *inner]
