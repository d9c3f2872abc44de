import pytest

from headrace.airflow.docs import dag_doc, node_doc
from headrace.graph.entities import (
    Node,
    NodeInput,
    NodeKind,
    NodeOutput,
    ParameterType,
    PipelineGraph,
    RuntimeParameter,
)


def rows(doc: str) -> list[list[str]]:
    lines = [line for line in doc.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_inputs_name_their_producers_and_whether_they_are_needed() -> None:
    inputs = (
        NodeInput("examples", "Examples", (("Gen", "examples"), ("Other", "out"))),
        NodeInput("baseline", "Model", (("Resolver", "model"),), optional=True),
        NodeInput("free", "Schema"),
    )
    table = rows(node_doc(Node("N", "Evaluator", NodeKind.BEAM, inputs=inputs), ()))
    assert ["examples", "Examples", "Gen.examples, Other.out"] in table
    assert ["baseline (optional)", "Model", "Resolver.model"] in table
    assert ["free", "Schema", "-"] in table


@pytest.mark.parametrize("kind", list(NodeKind))
def test_every_kind_of_node_says_what_it_does(kind: NodeKind) -> None:
    first = node_doc(Node("N", "Thing", kind), ()).splitlines()[0]
    assert first.startswith("**Thing**: ")
    assert len(first) > len("**Thing**: ")


def test_a_conditional_node_says_so() -> None:
    doc = node_doc(Node("N", "Pusher", NodeKind.COMPONENT, conditional=True), ())
    assert "under a condition" in doc


def test_parameters_show_their_type_and_the_pipelines_default() -> None:
    parameters = (
        RuntimeParameter("epochs", ParameterType.INT, 40),
        RuntimeParameter("span", ParameterType.STR),
    )
    table = rows(node_doc(Node("N", "Trainer", NodeKind.COMPONENT), parameters))
    assert ["epochs", "int", "`40`"] in table
    assert ["span", "str", "-"] in table


def test_a_type_of_several_does_not_break_the_table() -> None:
    outputs = (NodeOutput("either", "Model | Schema"),)
    doc = node_doc(Node("N", "N", NodeKind.COMPONENT, outputs=outputs), ())
    assert "Model \\| Schema" in doc


def test_the_pipelines_doc_lists_its_nodes_in_order() -> None:
    nodes = (Node("A", "Gen", NodeKind.BEAM), Node("B", "Use", NodeKind.BEAM, upstream=("A",)))
    doc = dag_doc(PipelineGraph("birds", nodes), "p.py:f", "/ir/birds/0a1b/pipeline.json")
    assert rows(doc)[2:] == [["A", "Gen", "-"], ["B", "Use", "A"]]
    assert "/ir/birds" not in doc
