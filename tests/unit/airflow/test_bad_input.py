"""Whatever a DAG file, a trigger form or a Connection gives: a value of its type, or a refusal."""

import datetime
import math
from pathlib import Path

import pytest
from airflow.sdk import Connection
from hypothesis import strategies as st

from headrace.airflow.landing import Landing, Pattern
from headrace.airflow.metadata import connection_url
from headrace.airflow.params import coerced, dag_params
from headrace.errors import UsageError
from headrace.graph.entities import ParameterType, RuntimeParameter
from headrace.graph.values import read_text
from headrace.settings import parse_metadata_url
from headrace.span_keys import span_key
from tests.bad_input.cases import fuzzed
from tests.bad_input.values import json_value, odd_text, scalar, short_text

TYPES = {
    ParameterType.INT: int,
    ParameterType.FLOAT: float,
    ParameterType.STR: str,
    ParameterType.BOOL: bool,
}
kinds = st.sampled_from(ParameterType)
numbers = st.text("0123456789+-._eE naif", max_size=8) | st.floats().map(str)
numbers |= st.integers(-(2**65), 2**65).map(str)
texts = odd_text | short_text | numbers | st.sampled_from(("true", "No", "YES ", "1"))


def assert_arrives(kind, value):
    """Whether a node gets the value that was given, over JSON and in TFX's own messages."""
    assert type(value) is TYPES[kind]
    if kind is ParameterType.INT:
        assert -(2**63) <= value < 2**63
    if kind is ParameterType.STR:
        assert value.encode().decode() == value


@fuzzed(80, kind=kinds, text=texts)
def test_a_value_that_was_typed_is_of_the_parameters_type_or_refused(kind, text):
    parameter = RuntimeParameter("p", kind, None, ("N",))
    try:
        value = read_text(kind, text)
    except ValueError:
        with pytest.raises(UsageError, match="parameter 'p'"):
            coerced(parameter, text, "{{ x }}")
        return
    assert_arrives(kind, value)
    found = coerced(parameter, text, "{{ x }}")
    assert found == value or math.isnan(value)


@fuzzed(80, kind=kinds, value=scalar | json_value, name=st.just("p") | odd_text)
def test_a_dag_files_parameter_is_of_its_type_or_refused(kind, value, name):
    declared = (RuntimeParameter("p", kind, None, ("N",)),)
    try:
        params = dag_params(declared, {name: value})
    except UsageError as error:
        assert "parameter" in error.message
        return
    assert list(params) == ["p"]
    if params["p"].value is not None and params["p"].has_value:
        assert_arrives(kind, params["p"].value)


part = (
    st.none() | short_text | odd_text | st.sampled_from(("db", "[::1]", "p@ss:/w#d", "/m.sqlite"))
)


@fuzzed(
    60,
    kind=st.sampled_from(("postgres", "postgresql", "mysql", "sqlite", "http", "", "x\0")),
    host=part,
    login=part,
    password=part,
    schema=part,
    port=st.none() | st.integers(-1, 70_000),
    extra=st.none()
    | st.sampled_from(('{"sslmode": "require"}', '{"sslmode": 1}', "{}", "[1]", "{")),
)
def test_a_connection_is_a_stores_url_or_refused_by_its_id(
    kind, host, login, password, schema, port, extra
):
    connection = Connection(
        conn_id="store",
        conn_type=kind,
        host=host,
        login=login,
        password=password,
        schema=schema,
        port=port,
        extra=extra,
    )
    try:
        url = connection_url(connection)
    except UsageError as error:
        assert "'store'" in error.message
        assert not password or len(password) < 4 or password not in str(error)
        return
    found = parse_metadata_url(url, Path("/"))
    assert found.user == (login or "") or found.path
    assert found.password == (password or "") or found.path


PATTERNS = ("{YYYY}{MM}{DD}", "{YYYY}-{MM}-{DD}", "day-{SPAN}", "{SPAN:5}", "{YYYY}", "{SPAN}/x")
names = st.text("{}YMDSPAN:0123/-*[(.\\", max_size=14) | odd_text | st.sampled_from(PATTERNS)
entries = st.text("0123456789-day_.٣", min_size=1, max_size=12) | st.sampled_from(
    ("20130105", "20130229", "00000000", "99999999", "day-7", "day-007", "day-" + "9" * 200)
)


@fuzzed(60, name=names, found=st.lists(entries, max_size=4))
def test_what_arrives_is_a_span_or_none_whatever_it_is_called(tmp_path_factory, name, found):
    try:
        pattern = Pattern(name)
    except UsageError as error:
        assert error.hint
        return
    directory = tmp_path_factory.mktemp("spans")
    for one in found:
        (directory / one.replace("/", "_").strip(".") / "x").parent.mkdir(exist_ok=True)
    for one in found:
        span = pattern.span(one)
        assert span is None or span.isascii()
        assert span is None or span.isdecimal()
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc).timestamp()
    assert Landing(directory, pattern, settle_seconds=0).arrived(now) == []


@fuzzed(20, number=st.integers(-(2**70), 2**70))
def test_a_span_has_a_key_of_its_own(number):
    key = span_key(number)
    assert key.lstrip("-").isdecimal()
    assert key != span_key(number + 1)
