"""Predictions of arriving files by the pushed model, on Beam's direct runner."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions

from headrace.components.stream_example_gen.journal import StreamError
from headrace.components.stream_inference.serving import LiveModel, newest_version
from headrace.components.stream_inference.stream import InferenceStream


@pytest.fixture
def push(model):
    """Push a model that adds its own number to feature ``count``."""

    def call(serving: Path, version: int, number: float) -> None:
        def add(features: dict[str, Any]) -> dict[str, Any]:
            return {"sum": tf.cast(features["count"], tf.float32)[:, 0] + number}

        saved = Path(model(add, {"count": int}).uri, "Format-Serving")
        saved.rename(serving / str(version))

    return call


@pytest.fixture
def stream(tmp_path: Path) -> InferenceStream:
    (tmp_path / "in").mkdir()
    (tmp_path / "serving").mkdir()
    return InferenceStream(
        source=str(tmp_path / "in"),
        directory=str(tmp_path / "out"),
        serving=str(tmp_path / "serving"),
        columns={"id": "bytes", "count": "int"},
        keys=("id",),
        look_seconds=0.01,
    )


def feed(stream: InferenceStream, name: str, *counts: int) -> None:
    rows = "".join(f"{name}{number},{count}\n" for number, count in enumerate(counts))
    Path(stream.source, f"{name}.csv").write_text(f"id,count\n{rows}")


def run(stream: InferenceStream, entries: int) -> None:
    with beam.Pipeline("DirectRunner", options=PipelineOptions(["--streaming"])) as pipeline:
        stream.build(pipeline, stop_after=entries)


def predictions(stream: InferenceStream) -> list[tuple[str, str, float]]:
    files = sorted(Path(stream.directory, "predictions").glob("*.jsonl"))
    rows = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return [(row["keys"]["id"], row["model"], row["outputs"]["sum"]) for row in rows]


def test_each_row_is_predicted_once_by_the_model_that_was_newest_then(
    stream: InferenceStream, push
) -> None:
    push(Path(stream.serving), 1, 0.5)
    feed(stream, "a", 1, 2)
    run(stream, 1)
    push(Path(stream.serving), 2, 10)
    feed(stream, "b", 3)
    run(stream, 2)  # begins anew: what was predicted stays
    assert predictions(stream) == [("a0", "1", 1.5), ("a1", "1", 2.5), ("b0", "2", 13.0)]
    assert not list(Path(stream.directory, "staging").iterdir())


def test_a_newer_model_is_taken_between_batches_and_an_unusable_one_is_not(
    tmp_path: Path, push
) -> None:
    push(tmp_path, 1, 1)
    model = LiveModel(tmp_path, "serving_default", 0)
    assert model.current()[0] == 1
    push(tmp_path, 2, 2)
    assert model.current()[0] == 2
    (tmp_path / "3").mkdir()
    assert model.current()[0] == 2
    shutil.rmtree(tmp_path)  # the directory is gone: what is loaded goes on
    assert model.current()[0] == 2


def test_after_a_rollback_that_removes_a_version_the_one_before_is_taken(
    tmp_path: Path, push
) -> None:
    push(tmp_path, 1, 1)
    push(tmp_path, 2, 2)
    model = LiveModel(tmp_path, "serving_default", 0)
    shutil.rmtree(tmp_path / "2")
    assert model.current()[0] == 1


def test_a_stream_without_a_model_says_so(stream: InferenceStream) -> None:
    assert newest_version(Path(stream.serving, "nowhere")) is None
    feed(stream, "a", 1)
    with pytest.raises(Exception, match=r"there is no model in .*: push one before"):
        run(stream, 1)


def test_a_signature_that_is_not_there_is_named_with_those_that_are(tmp_path: Path, push) -> None:
    push(tmp_path, 1, 1)
    with pytest.raises(StreamError, match="has no signature predict: serving_default"):
        LiveModel(tmp_path, "predict", 0)


def test_keys_have_to_be_columns(stream: InferenceStream) -> None:
    with pytest.raises(StreamError, match="keys that are no columns: nobody"):
        replace(stream, keys=("nobody",))
