import json
import zipfile
from pathlib import Path

import pytest

from headrace.node.code_check import faults_of_code


@pytest.fixture
def faults(tmp_path: Path):
    def call(inputs=(), executor="json.JSONDecoder", **parameters: str) -> list[str]:
        """What is wrong with a node that has these execution parameters."""
        node = {
            "nodeInfo": {"id": "Node"},
            "inputs": inputs,
            "parameters": {
                "parameters": {
                    key: {"fieldValue": {"stringValue": value}} for key, value in parameters.items()
                }
            },
        }
        deployment = {
            "executorSpecs": {"Node": {"pythonExecutorSpec": {"classPath": executor}}},
        }
        ir = {"nodes": [{"pipelineNode": node}], "deploymentConfig": deployment}
        outer = {"nodes": [{"subPipeline": ir}], "deploymentConfig": {}}
        (tmp_path / "ir.json").write_text(json.dumps(outer))
        return faults_of_code(tmp_path / "ir.json")

    return call


@pytest.fixture
def wheel(tmp_path: Path):
    def call(source: str) -> str:
        path = tmp_path / "own.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("own_module_file.py", source)
        return f"own_module_file@{path}"

    return call


def test_what_can_be_imported_is_no_fault(faults, wheel) -> None:
    assert faults(run_fn="json.loads", module_path=wheel("import json"), note_fn="x") == []


def test_a_function_an_executor_and_a_strategy_that_are_missing_are_told(faults) -> None:
    graphs = {"inputGraphs": {"g": {"nodes": {"n": {"opNode": {"opType": "nowhere.Strategy"}}}}}}
    executor, strategy, function = faults(graphs, executor="json.Missing", run_fn="json.nothing")
    assert executor == (
        "node Node: executor json.Missing cannot be imported: "
        "AttributeError: module json has no 'Missing'"
    )
    assert strategy.startswith("node Node: resolver strategy nowhere.Strategy cannot be imported")
    assert function.endswith("AttributeError: module json has no 'nothing'")


def test_operations_of_tfx_itself_are_passed_over(faults) -> None:
    assert faults({"x": {"opType": "tfx.internal.Unnest"}}) == []


def test_a_module_file_that_imports_what_is_not_there_is_told(faults, wheel) -> None:
    [fault] = faults(module_path=wheel("import only_on_my_machine"))
    assert "ModuleNotFoundError: No module named 'only_on_my_machine'" in fault
    [fault] = faults(module_path=wheel("raise SystemExit(3)"))
    assert fault.endswith("ends the process: exit(3)")
    [fault] = faults(module_path="own@/nowhere/own.whl")
    assert "/nowhere/own.whl" in fault
