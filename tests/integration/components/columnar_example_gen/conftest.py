"""Executors run as TFX's launcher runs them, on Beam's direct runner."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import tensorflow as tf
from tfx.components.example_gen import utils
from tfx.components.example_gen.csv_example_gen import executor as csv_example_gen
from tfx.components.example_gen.import_example_gen import executor as import_example_gen
from tfx.dsl.components.base import base_beam_executor
from tfx.types import standard_artifacts
from tfx.utils import proto_utils

from headrace.components.columnar_example_gen.executor import Executor

BEAM = ["--runner=headrace.node.direct_runner.DirectRunner", "--sdk_container_image=none"]


class Ingested:
    """The examples that an executor wrote."""

    def __init__(self, artifact: standard_artifacts.Examples) -> None:
        self.artifact = artifact
        self.uri = Path(artifact.uri)

    def files(self, split: str) -> list[str]:
        return sorted(str(path) for path in (self.uri / f"Split-{split}").iterdir())

    def records(self, split: str) -> list[bytes]:
        files = self.files(split)
        compression = "GZIP" if files[0].endswith(".gz") else ""
        return list(tf.data.TFRecordDataset(files, compression).as_numpy_iterator())

    def examples(self, split: str) -> Counter[bytes]:
        """Each example in a form that is equal for equal examples, with how often it occurs."""
        return Counter(
            tf.train.Example.FromString(record).SerializeToString(deterministic=True)
            for record in self.records(split)
        )

    def decoded(self, split: str) -> list[dict[str, list[object] | None]]:
        return [_values(tf.train.Example.FromString(record)) for record in self.records(split)]


def _values(example: tf.train.Example) -> dict[str, list[object] | None]:
    found = {}
    for name, feature in example.features.feature.items():
        kind = feature.WhichOneof("kind")
        found[name] = list(getattr(feature, kind).value) if kind else None
    return found


class Generators:
    """Runs ColumnarExampleGen's executor, or TFX's own, over a directory."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._count = 0

    def columnar(self, base: Path, inputs=None, **properties) -> Ingested:
        return self._run(Executor, base, inputs or {}, properties)

    def stock(self, base: Path, **properties) -> Ingested:
        return self._run(csv_example_gen.Executor, base, {}, properties)

    def imported(self, base: Path, **properties) -> Ingested:
        return self._run(import_example_gen.Executor, base, {}, properties)

    def _run(self, executor, base, inputs, properties) -> Ingested:
        self._count += 1
        artifact = standard_artifacts.Examples()
        artifact.uri = properties.pop("uri", str(self._place / str(self._count)))
        input_config = properties.pop("input_config", None) or utils.make_default_input_config()
        output_config = properties.pop("output_config", None)
        output_config = output_config or utils.make_default_output_config(input_config)
        context = base_beam_executor.BaseBeamExecutor.Context(
            beam_pipeline_args=list(BEAM), tmp_dir=str(self._place / "tmp"), unique_id="1"
        )
        given = {
            "input_base": str(base),
            "input_config": proto_utils.proto_to_json(input_config),
            "output_config": proto_utils.proto_to_json(output_config),
            "output_data_format": 6,
            "output_file_format": 5,
        }
        executor(context).Do(inputs, {"examples": [artifact]}, {**given, **properties})
        return Ingested(artifact)


@pytest.fixture
def generators(tmp_path: Path) -> Generators:
    return Generators(tmp_path / "artifacts")
