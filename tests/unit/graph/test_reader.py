"""The graph of compiled pipelines, without TFX; ``tests/data/ir`` holds what real TFX compiled."""

import copy
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from headrace.graph.entities import NodeInput, NodeKind
from headrace.graph.reader import IrError, graph_from_ir, read_graph

GOLDEN = Path(__file__).parents[2] / "data" / "ir"
NAMES = sorted(file.name.removesuffix(".graph.json") for file in GOLDEN.glob("*.graph.json"))


def ir(name: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{name}.json").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_the_graph_is_the_golden_one(name: str) -> None:
    graph = json.loads(json.dumps(asdict(read_graph(GOLDEN / f"{name}.json"))))
    del graph["_by_id"]
    assert graph == json.loads((GOLDEN / f"{name}.graph.json").read_text())


def test_nodes_wait_for_data_conditions_and_declared_order() -> None:
    graph = read_graph(GOLDEN / "every_kind.json")
    upstream = {node.id: node.upstream for node in graph.nodes}
    assert upstream == {
        "CsvExampleGen": (),
        "latest_model": (),
        "schema_importer": (),
        "StatisticsGen": ("CsvExampleGen",),
        "Transform": ("CsvExampleGen", "schema_importer"),
        "Trainer": ("StatisticsGen", "Transform", "latest_model"),
        "Evaluator": ("CsvExampleGen", "Trainer"),
        "Announce": ("Evaluator",),
        "Pusher": ("Evaluator", "Trainer"),
    }


def test_nodes_come_after_what_they_wait_for() -> None:
    seen: set[str] = set()
    for node in read_graph(GOLDEN / "every_kind.json").nodes:
        assert seen >= set(node.upstream)
        seen.add(node.id)


def test_kinds_are_told_apart() -> None:
    graph = read_graph(GOLDEN / "every_kind.json")
    kinds = {node.id: node.kind for node in graph.nodes}
    assert kinds["CsvExampleGen"] is NodeKind.BEAM
    assert kinds["Trainer"] is NodeKind.COMPONENT
    assert kinds["schema_importer"] is NodeKind.IMPORTER
    assert kinds["latest_model"] is NodeKind.RESOLVER
    assert graph.node("Announce").executor == "tests.data.pipelines.every_kind.Announce_Executor"


def test_a_node_under_a_condition_is_conditional_and_hides_the_conditions_channel() -> None:
    graph = read_graph(GOLDEN / "every_kind.json")
    assert [node.id for node in graph.nodes if node.conditional] == ["Announce", "Pusher"]
    assert graph.node("Announce").inputs == ()
    assert graph.node("Pusher").inputs == (
        NodeInput("model", "Model", (("Trainer", "model"),), optional=True),
    )


def nodes(tree: dict[str, Any]) -> dict[str, Any]:
    return {item["pipelineNode"]["nodeInfo"]["id"]: item["pipelineNode"] for item in tree["nodes"]}


def executors(tree: dict[str, Any]) -> dict[str, Any]:
    return tree["deploymentConfig"]["executorSpecs"]


def a_container(tree: dict[str, Any]) -> None:
    kind = "type.googleapis.com/tfx.orchestration.executable_spec.ContainerExecutableSpec"
    executors(tree)["Make"] = {"@type": kind, "image": "alpine"}


def two_types(tree: dict[str, Any]) -> None:
    use = nodes(tree)["Use"]["parameters"]["parameters"]["mode"]
    use["runtimeParameter"]["name"] = "count"


def no_type(tree: dict[str, Any]) -> None:
    del nodes(tree)["Use"]["parameters"]["parameters"]["mode"]["runtimeParameter"]["type"]


def no_default(tree: dict[str, Any]) -> None:
    use = nodes(tree)["Make"]["parameters"]["parameters"]["count"]["runtimeParameter"]
    use["defaultValue"] = {"doubleValue": float("inf")}


def an_unknown_node_before(tree: dict[str, Any]) -> None:
    nodes(tree)["Use"]["upstreamNodes"] = ["Gone"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (no_default, "not the JSON of a TFX pipeline .OverflowError"),
        (an_unknown_node_before, "node Use waits for Gone, which is not before it"),
        (lambda tree: tree["nodes"].append(tree["nodes"][0]), "there are two nodes Make"),
        (lambda tree: tree["pipelineInfo"].update(id=7), "expected text, got 7"),
        (a_container, "node Make has an executor of the kind ContainerExecutableSpec"),
        (lambda tree: executors(tree).pop("Make"), "node Make .* has no executor"),
        (two_types, "parameter 'count' has two types: int in Make and str in Use"),
        (no_type, "runtime parameter 'mode' has no type"),
        (lambda tree: tree.pop("pipelineInfo"), "not the JSON of a TFX pipeline"),
        (lambda tree: tree["nodes"].append(7), "not the JSON of a TFX pipeline"),
    ],
    ids=[
        *("no default", "unknown upstream", "twice", "no text"),
        *("container", "no executor", "two types", "no type", "no name", "odd node"),
    ],
)
def test_what_cannot_run_is_named(damage: Callable[[dict[str, Any]], None], message: str) -> None:
    tree = copy.deepcopy(ir("tiny"))
    damage(tree)
    with pytest.raises(IrError, match=message):
        graph_from_ir(tree)


def test_a_sub_pipeline_without_a_beginning_is_refused() -> None:
    tree = ir("nested")
    inner = next(item["subPipeline"] for item in tree["nodes"] if "subPipeline" in item)
    del inner["nodes"][0]
    with pytest.raises(IrError, match="has 0 nodes pipeline_begin"):
        graph_from_ir(tree)


def test_inputs_that_are_mixed_of_each_other_are_looked_at_once() -> None:
    names = [f"in{number}" for number in range(60)]
    tree = ir("tiny")
    mixed = {"mixedInputs": {"inputKeys": names}}
    nodes(tree)["Use"]["inputs"] = {"inputs": dict.fromkeys(names, mixed)}
    assert len(graph_from_ir(tree).node("Use").inputs) == 60


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read: No such file"), ("{", "is damaged"), ("[]", "not the JSON")],
)
def test_a_missing_or_damaged_file_is_named(
    tmp_path: Path, content: str | None, message: str
) -> None:
    file = tmp_path / "pipeline.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(IrError, match=message) as caught:
        read_graph(file)
    assert str(file) in caught.value.message


def test_an_execution_parameter_named_like_the_irs_own_field_is_no_runtime_parameter() -> None:
    tree = ir("tiny")
    given = nodes(tree)["Make"]["parameters"]["parameters"]
    given["runtimeParameter"] = {"fieldValue": {"stringValue": "x"}}
    assert [item.name for item in graph_from_ir(tree).parameters] == [
        item.name for item in read_graph(GOLDEN / "tiny.json").parameters
    ]
