from pathlib import Path
from typing import Any

import pytest
from tfx.proto.orchestration import executable_spec_pb2, pipeline_pb2

from headrace.compiler.user_modules import build_wheel
from headrace.node.cache_key import code_digest, for_cache_key
from headrace.node.pipeline_ir import NodeSpec

MODULE = b"from common import words\n\n\ndef run_fn(fn_args):\n    return words.WORD\n"


def spec(**parameters: str) -> NodeSpec:
    node: Any = pipeline_pb2.PipelineNode()
    for key, value in parameters.items():
        node.parameters.parameters[key].field_value.string_value = value
    executor: Any = executable_spec_pb2.PythonClassExecutableSpec()
    executor.class_path = "tfx.components.trainer.executor.GenericExecutor"
    return NodeSpec(node, pipeline_pb2.Pipeline(), executor, None)


@pytest.fixture(params=["packaged", "as a file"])
def trainer(request: pytest.FixtureRequest, tmp_path: Path) -> NodeSpec:
    (tmp_path / "common").mkdir()
    (tmp_path / "common/words.py").write_text("WORD = 'one'\n")
    if request.param == "as a file":
        file = tmp_path / "user code.py"
        file.write_bytes(MODULE)
        return spec(module_file=str(file))
    name, content = build_wheel("user code", "0.0", {"utils.py": MODULE})
    (tmp_path / name).write_bytes(content)
    return spec(module_path=f"utils@{tmp_path / name}")


def test_what_a_module_file_imports_changes_the_cache_key(
    trainer: NodeSpec, tmp_path: Path
) -> None:
    before = code_digest(trainer, [str(tmp_path)])
    assert code_digest(trainer, [str(tmp_path)]) == before != ""
    (tmp_path / "common/words.py").write_text("WORD = 'two'\n")
    after = code_digest(trainer, [str(tmp_path)])
    assert after != before
    keys = [for_cache_key(trainer, digest, "3") for digest in (before, after)]
    assert keys[0] != keys[1]


def test_a_module_file_that_is_gone_is_left_to_the_node(tmp_path: Path) -> None:
    for gone in (spec(module_file="/no/such.py"), spec(module_path="utils@/no/such.whl")):
        assert code_digest(gone, [str(tmp_path)]) == ""
    assert code_digest(spec(), [str(tmp_path)]) == ""
