"""The executor as TFX calls it, on files, with Beam's direct runner."""

import gzip
import json
from pathlib import Path

import pytest
import tensorflow as tf
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import standard_artifacts
from tfx.utils import proto_utils

from headrace.components.text_example_gen.executor import SHAPE_KEY, Executor
from headrace.components.text_example_gen.lines import Shape
from headrace.errors import HeadraceError

SHAPE = Shape(("label", "text"), "\t", {"label": ("ham", "spam")})
DIRECT = ["--runner=headrace.node.direct_runner.DirectRunner", "--sdk_container_image=none"]


@pytest.fixture
def ingest(tmp_path: Path):
    def call(base: str = "") -> dict[str, list[tuple[str, str]]]:
        """Read what is below ``data``; return label and text of each split's examples."""
        splits = [
            example_gen_pb2.SplitConfig.Split(name=name, hash_buckets=buckets)
            for name, buckets in (("train", 2), ("eval", 1))
        ]
        examples = standard_artifacts.Examples()
        examples.uri = str(tmp_path / "examples")
        properties = {
            "input_base": base or str(tmp_path / "data"),
            "input_config": proto_utils.proto_to_json(
                example_gen_pb2.Input(splits=[example_gen_pb2.Input.Split(pattern="*")])
            ),
            "output_config": proto_utils.proto_to_json(
                example_gen_pb2.Output(split_config=example_gen_pb2.SplitConfig(splits=splits))
            ),
            "output_data_format": example_gen_pb2.FORMAT_TF_EXAMPLE,
            "output_file_format": example_gen_pb2.FORMAT_TFRECORDS_GZIP,
            SHAPE_KEY: SHAPE.as_json(),
        }
        context = base_beam_executor.BaseBeamExecutor.Context(
            beam_pipeline_args=DIRECT, tmp_dir=str(tmp_path / "aside")
        )
        Executor(context).Do({}, {"examples": [examples]}, properties)
        return {name: _read(tmp_path / "examples" / f"Split-{name}") for name in ("train", "eval")}

    (tmp_path / "data").mkdir()
    return call


def _read(split: Path) -> list[tuple[str, str]]:
    files = sorted(map(str, split.glob("*.gz")))
    found = []
    for record in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        label, text = (features[name].bytes_list.value[0].decode() for name in SHAPE.columns)
        found.append((label, text))
    return found


def test_each_line_of_plain_and_compressed_files_is_an_example_in_one_split(ingest, tmp_path):
    lines = [f"{'spam' if number % 7 == 0 else 'ham'}\tmessage {number} £" for number in range(60)]
    (tmp_path / "data" / "one.txt").write_text("\n".join(lines[:30]))
    with gzip.open(tmp_path / "data" / "two.gz", "wt", encoding="utf-8") as file:
        file.write("\n\n".join(lines[30:]) + "\n")
    found = ingest()
    assert found["train"]
    assert found["eval"]
    rows = [f"{label}\t{text}" for label, text in found["train"] + found["eval"]]
    assert sorted(rows) == sorted(lines)


def test_the_steps_of_the_job_are_kept_with_their_time_and_memory(ingest, tmp_path):
    (tmp_path / "data" / "one.txt").write_text("ham\tHello\nspam\tWin\nham\tBye\n" * 20)
    ingest()
    steps = json.loads((tmp_path / "examples" / "steps.json").read_text())
    assert [step["step"] for step in steps] == ["Parse lines", "Read lines"]
    assert all(step["seconds"] >= 0 and step["memory_mb"] > 10 for step in steps)


def test_a_bad_line_fails_with_its_file_and_line(ingest, tmp_path):
    (tmp_path / "data" / "a.txt").write_text("ham\tHello\n")
    (tmp_path / "data" / "b.txt").write_text("ham\tHello\nspam Win\n")
    with pytest.raises(HeadraceError, match=r"b\.txt:2: has 1 of the columns label, text"):
        ingest()


def test_a_directory_without_files_fails_with_its_pattern(ingest, tmp_path):
    with pytest.raises(HeadraceError, match=r"no file matches .*/data/\*"):
        ingest()


def test_a_scheme_that_is_on_no_file_system_is_told(ingest):
    with pytest.raises(HeadraceError, match=r"nowhere://bucket/\* cannot be read"):
        ingest("nowhere://bucket")
