"""Whatever an IR file holds: the node that is asked for, or a refusal with the file's name."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import strategies as st

from headrace.errors import HeadraceError
from headrace.graph.reader import read_graph
from headrace.node.pipeline_ir import load_node
from tests.bad_input.cases import fuzzed
from tests.bad_input.values import changed, damaged, odd_bytes, scalar

GOLDEN = Path(__file__).parents[2] / "data" / "ir"
FILES = [file for file in sorted(GOLDEN.glob("*.json")) if file.name.count(".") == 1]
NODES = {file: [node.id for node in read_graph(file).nodes] for file in FILES}


def written(file):
    document = json.loads(file.read_text())
    return (
        changed(document).map(lambda one: json.dumps(one).encode())
        | damaged(file.read_bytes())
        | odd_bytes
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("ir") / "pipeline.json"


def test_a_parameter_whose_type_is_not_its_values_is_refused_with_the_file(place):
    file = GOLDEN / "tiny.json"
    run_id = r'("name": "pipeline-run-id",\s*"type": )"STRING"'
    place.write_text(re.sub(run_id, r'\1"INT"', file.read_text()))
    with pytest.raises(HeadraceError, match="is damaged: Runtime parameter type"):
        load_node(place, NODES[file][0], "run", {})


@fuzzed(
    60,
    file=st.sampled_from(FILES),
    data=st.data(),
    parameters=st.just({}) | st.dictionaries(st.sampled_from(("epochs", "count")), scalar),
)
def test_a_node_of_an_ir_file_is_found_or_refused(place, file, data, parameters):
    place.write_bytes(data.draw(written(file)))
    node_id = data.draw(st.sampled_from(NODES[file]))
    try:
        found = load_node(place, node_id, "run", parameters)
    except HeadraceError as error:
        assert str(place) in str(error) or "parameter" in error.message
        return
    assert f".{node_id}".endswith(f".{found.node.node_info.id}")
