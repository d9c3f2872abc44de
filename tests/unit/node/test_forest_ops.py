import os
import subprocess
import sys

from headrace.launcher.forest_ops import MODULE, load_forest_ops


def test_the_operation_is_registered() -> None:
    load_forest_ops()
    assert MODULE in sys.modules
    from tensorflow.python.framework import op_def_registry

    assert op_def_registry.get("SimpleMLLoadModelFromPathWithHandle") is not None


def test_an_environment_without_it_is_left_alone() -> None:
    program = (
        "import sys; sys.modules['ydf_tf'] = None\n"
        "from headrace.launcher.forest_ops import load_forest_ops\nload_forest_ops()"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environ)
