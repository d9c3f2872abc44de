"""Lines of text in and out of an object store, through both text components."""

import gzip

import pytest
import tensorflow as tf
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import standard_artifacts
from tfx.utils import proto_utils

from headrace.components.text_example_gen.executor import SHAPE_KEY
from headrace.components.text_example_gen.executor import Executor as Reader
from headrace.components.text_example_gen.lines import Shape
from headrace.components.text_predictions.component import PredictionLines
from headrace.components.text_predictions.executor import Executor as Writer
from tests.integration.components.columnar_example_gen import object_store

pytestmark = pytest.mark.integration

BASE = f"{object_store.SCHEME}://bucket"


@pytest.fixture
def context(tmp_path):
    object_store.OBJECTS.clear()
    return base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=[
            "--runner=headrace.node.direct_runner.DirectRunner",
            "--sdk_container_image=none",
        ],
        tmp_dir=str(tmp_path),
    )


def test_lines_are_read_from_a_store_without_directories(context):
    object_store.put(f"{BASE}/data/a.txt", b"ham\tone\nspam\ttwo\n")
    object_store.put(f"{BASE}/data/b.txt", b"ham\tthree")
    examples = standard_artifacts.Examples()
    examples.uri = f"{BASE}/examples"
    split = example_gen_pb2.Input.Split(name="all", pattern="*")
    properties = {
        "input_base": f"{BASE}/data",
        "input_config": proto_utils.proto_to_json(example_gen_pb2.Input(splits=[split])),
        "output_config": proto_utils.proto_to_json(example_gen_pb2.Output()),
        "output_data_format": example_gen_pb2.FORMAT_TF_EXAMPLE,
        "output_file_format": example_gen_pb2.FORMAT_TFRECORDS_GZIP,
        SHAPE_KEY: Shape(("label", "text"), "\t", {}).as_json(),
    }
    Reader(context).Do({}, {"examples": [examples]}, properties)
    written = object_store.below(f"{BASE}/examples/Split-all")
    content = b"".join(gzip.decompress(object_store.OBJECTS[path]) for path in written)
    assert all(text in content for text in (b"one", b"two", b"three"))
    assert f"{BASE}/examples/steps.json" in object_store.OBJECTS


def test_predictions_are_written_to_it(context, tmp_path):
    example = tf.train.Example()
    for name, value in (("label", b"spam"), ("text", b"Win")):
        example.features.feature[name].bytes_list.value.append(value)
    example.features.feature["score"].float_list.value.append(0.5)
    path = tmp_path / "one.gz"
    with tf.io.TFRecordWriter(str(path), "GZIP") as file:
        file.write(example.SerializeToString())
    object_store.put(f"{BASE}/scored/Split-eval/one.gz", path.read_bytes())
    examples, lines = standard_artifacts.Examples(), PredictionLines()
    examples.uri, lines.uri = f"{BASE}/scored", f"{BASE}/lines"
    examples.split_names = '["eval"]'
    properties = {"text": "text", "label": "label", "score": "score"}
    properties |= {"word": r"\w+", "threshold": 0.5, "least_texts": 1}
    Writer(context).Do({"examples": [examples]}, {"predictions": [lines]}, properties)
    [found] = [path for path in object_store.below(lines.uri) if "/predictions-" in path]
    assert object_store.OBJECTS[found] == b"score\tlabel\ttext\n0.500000\tspam\tWin\n"
