"""Runs of a pipeline under TFX's LocalDagRunner and through headrace, and what they produced."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import ml_metadata as mlmd
import tensorflow as tf
import tensorflow_data_validation as tfdv
import tensorflow_model_analysis as tfma
from tfx import v1 as tfx

from headrace.settings import Settings
from tests.integration.conftest import PROJECT

Metrics = dict[tuple[object, str, str], float]


class Run:
    """One root and store. The newest artifact of a type is the newest run's."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = tfx.orchestration.metadata.sqlite_metadata_connection_config(
            str(root / "metadata.sqlite")
        )

    def locally(self, create_pipeline: Callable[..., tfx.dsl.Pipeline], **arguments) -> None:
        """Run under TFX's own LocalDagRunner."""
        pipeline = create_pipeline(
            pipeline_root=str(self.root / "artifacts"),
            metadata_connection_config=self.config,
            **arguments,
        )
        tfx.orchestration.LocalDagRunner().run(pipeline)

    def through_headrace(self, settings: Settings, target: str, *arguments: str) -> dict[str, dict]:
        """Run with ``headrace run``, and return its nodes by id."""
        environ = {
            **os.environ,
            "HEADRACE_PROJECT": str(PROJECT),
            "HEADRACE_HOME": str(settings.home),
            "HEADRACE_TFX_PYTHON": str(settings.tfx_python),
            "HEADRACE_METADATA_URL": f"sqlite:///{self.root / 'metadata.sqlite'}",
            "HEADRACE_ARTIFACT_ROOT": str(self.root / "artifacts"),
        }
        environ.pop("TF_USE_LEGACY_KERAS", None)  # TFT has set it in this process
        completed = subprocess.run(
            [sys.executable, "-m", "headrace.cli", "run", target, "--json", *arguments],
            cwd=PROJECT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert completed.returncode == 0, completed.stderr
        return {node["id"]: node for node in json.loads(completed.stdout)["nodes"]}

    def artifacts(self, kind: str) -> list[str]:
        """URIs of a type's artifacts, oldest first."""
        found = mlmd.MetadataStore(self.config).get_artifacts_by_type(kind)
        return [artifact.uri for artifact in sorted(found, key=lambda artifact: artifact.id)]

    def newest(self, kind: str) -> str:
        return self.artifacts(kind)[-1]

    def raw_examples(self, split: str) -> list[tf.train.Example]:
        """What the ExampleGen wrote, which is the first Examples of the first run."""
        files = tf.io.gfile.glob(f"{self.artifacts('Examples')[0]}/Split-{split}/*")
        records = tf.data.TFRecordDataset(files, "GZIP")
        return [tf.train.Example.FromString(record) for record in records.as_numpy_iterator()]

    def serialized_examples(self, split: str) -> list[bytes]:
        return sorted(
            example.SerializeToString(deterministic=True) for example in self.raw_examples(split)
        )

    def schemas(self) -> list[str]:
        """As text, in its order: Transform registers its several in an order of chance."""
        found = self.artifacts("Schema")
        return sorted(str(tfdv.load_schema_text(f"{uri}/schema.pbtxt")) for uri in found)

    def metrics(self) -> Metrics:
        """The newest evaluation's figures by slice, output and name."""
        result = tfma.load_eval_result(self.newest("ModelEvaluation"))
        return {
            (slice_key, output, name): value["doubleValue"]
            for slice_key, outputs in result.slicing_metrics
            for output, metrics in outputs.items()
            for name, value in metrics[""].items()
            if "doubleValue" in value
        }

    def blessed(self) -> bool:
        return tf.io.gfile.exists(f"{self.newest('ModelBlessing')}/BLESSED")

    def serve(self, examples: list[tf.train.Example]) -> dict[str, tf.Tensor]:
        """The newest pushed model's answers."""
        model = tf.saved_model.load(self.newest("PushedModel"))
        serialized = [example.SerializeToString() for example in examples]
        return model.signatures["serving_default"](examples=tf.constant(serialized))
