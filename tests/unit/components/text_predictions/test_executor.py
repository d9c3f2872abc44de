"""The executor as TFX calls it, with Beam's direct runner."""

import json
from pathlib import Path

import pytest
import tensorflow as tf
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils, standard_artifacts

from headrace.components.text_predictions.component import PredictionLines
from headrace.components.text_predictions.executor import Executor
from headrace.errors import HeadraceError
from tests.unit.components.text_predictions.test_scored import example

DIRECT = ["--runner=headrace.node.direct_runner.DirectRunner", "--sdk_container_image=none"]
PROPERTIES = {
    "text": "text",
    "label": "label",
    "score": "score",
    "word": r"\w+",
    "threshold": 0.5,
    "least_texts": 2,
}


@pytest.fixture
def write(tmp_path: Path):
    def call(*rows: tuple[str, str, float]) -> dict[str, list[str]]:
        """Write the rows' predictions; return the lines of each kind without the header."""
        examples = standard_artifacts.Examples()
        examples.uri = str(tmp_path / "examples")
        examples.split_names = artifact_utils.encode_split_names(["eval"])
        (tmp_path / "examples" / "Split-eval").mkdir(parents=True)
        if rows:
            path = str(tmp_path / "examples" / "Split-eval" / "scores-00000-of-00001.gz")
            with tf.io.TFRecordWriter(path, "GZIP") as writer:
                for label, text, score in rows:
                    writer.write(example(label=label, text=text, score=score))
        lines = PredictionLines()
        lines.uri = str(tmp_path / "lines")
        (tmp_path / "lines").mkdir()
        context = base_beam_executor.BaseBeamExecutor.Context(
            beam_pipeline_args=DIRECT, tmp_dir=str(tmp_path / "aside")
        )
        Executor(context).Do({"examples": [examples]}, {"predictions": [lines]}, PROPERTIES)
        return {
            kind: _lines(tmp_path / "lines", kind)
            for kind in ("predictions", "by_label", "by_word")
        }

    return call


def _lines(folder: Path, kind: str) -> list[str]:
    found = [file.read_text().splitlines() for file in folder.glob(f"{kind}-*.tsv")]
    assert found
    return sorted(line for file in found for line in file[1:])


def test_texts_are_written_and_summed_by_label_and_by_word(write, tmp_path):
    found = write(
        ("spam", "free money", 0.75), ("spam", "Free call", 0.25), ("ham", "call me", 0.125)
    )
    assert found["predictions"] == [
        "0.125000\tham\tcall me",
        "0.250000\tspam\tFree call",
        "0.750000\tspam\tfree money",
    ]
    assert found["by_label"] == ["ham\t1\t0\t0.125000", "spam\t2\t1\t0.500000"]
    assert found["by_word"] == ["call\t2\t0\t0.187500", "free\t2\t1\t0.500000"]
    steps = json.loads((tmp_path / "lines" / "steps.json").read_text())
    assert {"Combine by label", "Combine by word", "Write predictions"} <= {
        step["step"] for step in steps
    }


def test_without_examples_it_fails_with_their_place(write):
    with pytest.raises(HeadraceError, match=r"no scored examples in .*/examples"):
        write()
