"""``stream start`` waits for what a stream's description imports."""

import subprocess
import sys


def test_a_stream_is_described_without_tensorflow_which_takes_seconds_to_import() -> None:
    code = (
        "import sys; from headrace.components.stream_example_gen import ElementStream, FileStream;"
        "from headrace.components.stream_inference import InferenceStream;"
        "assert {'tfx', 'tensorflow'}.isdisjoint(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
