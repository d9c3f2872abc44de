"""Whatever an IR file holds: a graph that can be run from its first node on, or a refusal."""

import json
from pathlib import Path

import pytest
from hypothesis import strategies as st

from headrace.graph.entities import ParameterType
from headrace.graph.reader import IrError, graph_from_ir, read_graph
from headrace.running.selection import select
from tests.bad_input.cases import fuzzed
from tests.bad_input.values import changed, damaged, json_value, odd_bytes

GOLDEN = Path(__file__).parents[2] / "data" / "ir"
FILES = [file for file in sorted(GOLDEN.glob("*.json")) if file.name.count(".") == 1]
DOCUMENTS = {file.stem: json.loads(file.read_text()) for file in FILES}
TYPES = {
    ParameterType.INT: int,
    ParameterType.FLOAT: float,
    ParameterType.STR: str,
    ParameterType.BOOL: bool,
}

document = st.sampled_from(sorted(DOCUMENTS)).flatmap(lambda name: changed(DOCUMENTS[name], most=4))
content = st.one_of(
    document.map(lambda ir: json.dumps(ir).encode()),
    st.sampled_from(FILES).flatmap(lambda file: damaged(file.read_bytes())),
    odd_bytes,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("ir") / "pipeline.json"


@fuzzed(80, data=content)
def test_an_ir_file_is_a_graph_or_refused_with_its_name(place, data):
    place.write_bytes(data)
    try:
        graph = read_graph(place)
    except IrError as error:
        assert str(place) in error.message
        return
    assert_usable(graph)


@fuzzed(40, ir=document | json_value)
def test_json_is_a_graph_or_refused(ir):
    try:
        graph = graph_from_ir(ir)
    except IrError as error:
        assert error.message
        return
    assert_usable(graph)


def assert_usable(graph):
    assert isinstance(graph.name, str)
    seen = set()
    for node in graph.nodes:
        assert node.id not in seen
        assert seen >= set(node.upstream) >= set(node.required)
        assert all(isinstance(one.artifact_type, str) for one in (*node.inputs, *node.outputs))
        seen.add(node.id)
    assert graph.skippable() <= seen
    for parameter in graph.parameters:
        assert type(parameter.default) in (TYPES[parameter.type], type(None))
        assert seen >= set(parameter.nodes)
    if graph.nodes:
        assert set(select(graph).run) == seen
