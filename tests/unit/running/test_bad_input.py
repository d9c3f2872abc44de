"""Whatever a run's record holds: what was asked for, or a refusal with the record's file."""

import json
from dataclasses import asdict

import pytest
from hypothesis import strategies as st

from headrace.errors import HeadraceError, UsageError
from headrace.graph.entities import ParameterType, PipelineGraph, RuntimeParameter
from headrace.running.record import RunRecord, read_record, run_directory
from headrace.running.run import parameter_values
from tests.bad_input.cases import fuzzed
from tests.bad_input.values import changed, damaged, odd_bytes, odd_text, short_text

RECORD = RunRecord(
    "r", "/p.py:f", "p", {"n": 3, "flag": True, "x": 0.5}, "direct", ["A"], [], "old"
)
GRAPH = PipelineGraph(
    "p", (), tuple(RuntimeParameter(kind.value, kind, None, ("N",)) for kind in ParameterType)
)
TYPES = {"int": int, "float": float, "str": str, "bool": bool}

written = (
    changed(asdict(RECORD)).map(lambda one: json.dumps(one).encode())
    | damaged(json.dumps(asdict(RECORD)).encode())
    | odd_bytes
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@fuzzed(60, data=written)
def test_a_runs_record_is_read_or_refused_with_its_file(runs, data):
    (runs / "run.json").write_bytes(data)
    try:
        record = read_record(runs)
    except HeadraceError as error:
        assert str(runs) in error.message
        return
    assert all(isinstance(one, str) for one in (record.target, *record.start, *record.end))
    assert all(type(value) in (int, float, str, bool) for value in record.parameters.values())


@pytest.fixture(scope="module")
def named_runs(tmp_path_factory):
    """For directories that any text may have named, one as ``run.json`` among them."""
    return tmp_path_factory.mktemp("named-runs")


@fuzzed(60, text=odd_text | short_text)
def test_a_runs_id_is_a_directory_below_the_runs_or_refused(named_runs, text):
    try:
        directory = run_directory(named_runs, text)
    except UsageError as error:
        assert "run id" in error.message
        return
    assert directory.parent == named_runs
    directory.mkdir(exist_ok=True)


given = st.dictionaries(
    st.sampled_from([kind.value for kind in ParameterType]) | odd_text,
    odd_text | short_text | st.integers().map(str) | st.floats().map(str),
    max_size=5,
)


@fuzzed(80, texts=given)
def test_what_was_typed_reaches_the_nodes_or_is_refused_by_its_name(texts):
    complete = {"int": "1", "float": "1", "str": "x", "bool": "true", **texts}
    try:
        values = parameter_values(GRAPH, complete, None)
    except UsageError as error:
        assert "parameter" in error.message
        return
    assert {name: type(value) for name, value in values.items()} == TYPES
    sent = json.loads(json.dumps(values))
    assert sent == values or "nan" in map(str, values.values())
    assert -(2**63) <= values["int"] < 2**63
    assert values["str"].encode().decode() == values["str"]
