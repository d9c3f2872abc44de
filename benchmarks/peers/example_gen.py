"""Runs one ExampleGen's executor as TFX's launcher does, and writes how long it took.

Usage: example_gen.py VARIANT INPUT_BASE DIRECTORY
VARIANT is "csv" (TFX's CsvExampleGen), or of ours "plain", "gzip" or "parquet".
"""

import json
import resource
import sys
import time
from pathlib import Path

from tfx.components.example_gen import utils
from tfx.components.example_gen.csv_example_gen import executor as csv_example_gen
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.proto import example_gen_pb2
from tfx.types import standard_artifacts
from tfx.utils import proto_utils

import headrace.node.direct_runner  # noqa: F401  the launcher has imported it, as it has TFX
from headrace.components.columnar_example_gen import executor as columnar

VARIANTS = {
    "csv": (csv_example_gen.Executor, {}),
    "plain": (columnar.Executor, {"compression": "none"}),
    "gzip": (columnar.Executor, {"compression": "gzip"}),
    "parquet": (columnar.Executor, {"output_data_format": example_gen_pb2.FORMAT_PARQUET}),
}
variant, base, place = sys.argv[1], sys.argv[2], Path(sys.argv[3])
executor, properties = VARIANTS[variant]
artifact = standard_artifacts.Examples()
artifact.uri = str(place / "examples")
input_config = utils.make_default_input_config()
given = {
    "input_base": base,
    "input_config": proto_utils.proto_to_json(input_config),
    "output_config": proto_utils.proto_to_json(utils.make_default_output_config(input_config)),
    "output_data_format": example_gen_pb2.FORMAT_TF_EXAMPLE,
    "output_file_format": example_gen_pb2.FORMAT_TFRECORDS_GZIP,
    **properties,
}
context = BaseBeamExecutor.Context(
    beam_pipeline_args=[
        "--runner=headrace.node.direct_runner.DirectRunner",
        "--sdk_container_image=none",
    ],
    tmp_dir=str(place / "tmp"),
    unique_id="1",
)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
start = time.monotonic()
executor(context).Do({}, {"examples": [artifact]}, given)
seconds = time.monotonic() - start
written = sum(path.stat().st_size for path in place.rglob("data_*"))
(place / "cost.json").write_text(
    json.dumps({"seconds": seconds, "imported_bytes": before, "written_bytes": written})
)
