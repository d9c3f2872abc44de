import json

import pytest

from headrace.components.columnar_example_gen.blocks import Block
from headrace.components.columnar_example_gen.json_lines import lines, parse
from headrace.components.columnar_example_gen.kinds import Kind
from headrace.errors import HeadraceError

LONG = 99999999999999999999


def parsed(objects, given=None):
    texts = [one if isinstance(one, str) else json.dumps(one) for one in objects]
    block = Block("f", "\n".join(texts).encode("utf-8", "surrogatepass"), 1)
    table, reasons = parse(block, *lines(block.data), given or {})
    return table.to_pylist(), reasons


def test_objects_that_agree_are_rows():
    assert parsed([{"a": 1}, {"a": 2.5, "b": "2020-01-01"}, {}]) == (
        [{"a": 1, "b": None}, {"a": 2.5, "b": "2020-01-01"}, {"a": None, "b": None}],
        {},
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nonsense", "not one JSON object: Expecting value, character 1"),
        ("[1]", "not one JSON object"),
        (" null", "not one JSON object"),
        (
            "{\0}\0",
            "not one JSON object: Expecting property name enclosed in double quotes, character 2",
        ),
        ('{"a": 1} {"a": 2}', "not one JSON object: Extra data, character 10"),
        ('{"a": 1, "a": 2}', "an object with the name 'a' twice"),
        ('{"b": {"c": 1, "c": 2}}', "an object with the name 'c' twice"),
        (f'{{"a": {LONG}}}', "a is an integer of more than 64 bits"),
        (f'{{"a": [1, -{LONG}]}}', "a is an integer of more than 64 bits"),
        (f'{{"b": {{"c": {"9" * 5000}}}}}', "b.c is an integer of more than 64 bits"),
        ('{"s": "\\ud800"}', "not JSON that can be read"),
        ('{"a": [null]}', "a has a null inside of a list"),
        ("[" * 100_000, "not one JSON object"),
        ('{"a": "\udcff"}', "not valid text in the file's encoding"),
    ],
)
def test_a_line_that_is_bad_and_the_reason(line, reason):
    assert parsed(['{"a": 1}', line, '{"a": 3}']) == ([{"a": 1}, {"a": 3}], {1: reason})


def test_null_before_all_objects_is_bad_and_ends_no_process():
    assert parsed(["null", '{"a": 1}']) == ([{"a": 1}], {0: "not one JSON object"})
    assert parsed(["null"]) == ([], {0: "not one JSON object"})


def test_a_list_that_begins_with_null_leaves_the_others_their_values():
    rows, reasons = parsed([{"a": [None, 1]}, {"a": [2, 3]}, {"a": [4]}])
    assert rows == [{"a": [2, 3]}, {"a": [4]}]
    assert reasons == {0: "a has a null inside of a list"}


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, "x", 2.5, True, None], Kind.BYTES, ["1", "x", "2.5", "true", None]),
        ([1, "x", [2, "y"]], Kind.BYTES, [["1"], ["x"], ["2", "y"]]),
        ([1, "2", True], Kind.INT, ["1", "2", "1"]),
        ([LONG, 1], Kind.BYTES, [str(LONG), "1"]),
        ([LONG, 1], Kind.FLOAT, [str(LONG), "1"]),
        ([1, True, False], None, [1, 1, 0]),
        ([1, [2, 3], None], None, [[1], [2, 3], None]),
        ([[], 1, []], None, [[], [1], []]),
        ([1e400, 1], None, [float("inf"), 1]),
    ],
)
def test_values_of_several_types_become_one(values, kind, expected):
    given = {} if kind is None else {"o.a": kind}
    rows, reasons = parsed([{"o": {"a": value}} for value in values], given)
    assert reasons == {}
    assert [row["o"]["a"] for row in rows] == expected


def test_an_object_where_a_kind_is_given_is_bad():
    rows, reasons = parsed([{"a": 1}, {"a": {"b": 1}}, {"a": [[1]]}], {"a": Kind.INT})
    assert rows == [{"a": 1}]
    assert reasons == {
        1: "a is an object, not of kind INT",
        2: "a is a list of lists, not of kind INT",
    }


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2, "x"], "f:3: 'a' is a text, and is a number in line 1"),
        ([1, {"b": 1}], "f:2: 'a' is an object, and is a number in line 1"),
        ([[1], [{"b": 1}]], "f:2: 'a' is a list of objects, and is a number in line 1"),
    ],
)
def test_values_that_no_kind_holds_are_told_with_both_lines(values, message):
    with pytest.raises(HeadraceError) as failure:
        parsed([{"a": value} for value in values])
    assert failure.value.message == message
    assert "schema" in failure.value.hint


def test_blank_lines_are_no_lines():
    assert parsed(["", '{"a": 1}', " ", "\t\r", '{"a": 2}']) == ([{"a": 1}, {"a": 2}], {})


def test_a_long_integer_in_a_list_of_lists_is_left_to_who_refuses_those():
    assert parsed([f'{{"a": [[{LONG}]]}}']) == ([{"a": [[str(LONG)]]}], {})
