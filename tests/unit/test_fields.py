import json
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

import pytest

from headrace.fields import read_fields


class Colour(str, Enum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    name: str
    share: float = 0.0


@dataclass(frozen=True)
class Outer:
    count: int
    inner: Inner
    colour: Colour = Colour.RED
    maybe: Inner | None = None
    several: tuple[Inner, ...] = ()
    texts: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    anything: Any = None


FIELDS = {"count": 1, "inner": {"name": "a"}}


def test_an_object_is_read_with_what_is_in_it():
    outer = Outer(
        2, Inner("a", 1), Colour.RED, Inner("b"), (Inner("c"),), ["x"], {"n": 3}, {"any": [None]}
    )
    assert read_fields(Outer, json.loads(json.dumps(asdict(outer)))) == outer
    assert read_fields(Outer, FIELDS) == Outer(1, Inner("a"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": "1"}, "'count': expected a whole number, got '1'"),
        ({"count": True}, "'count': expected a whole number, got True"),
        ({"count": 1.5}, "'count': expected a whole number"),
        ({"inner": []}, r"'inner': expected an object, got \[\]"),
        ({"inner": {"name": 7}}, "'inner': 'name': expected text, got 7"),
        ({"inner": {"name": "a", "share": "x"}}, "expected a number"),
        ({"inner": {}}, "missing 1 required positional argument: 'name'"),
        ({"colour": "green"}, "'colour': 'green' is none of its values"),
        ({"colour": []}, "none of its values"),
        ({"maybe": 1}, "'maybe': expected an object"),
        ({"several": [{"name": None}]}, "'several': 'name': expected text"),
        ({"texts": "abc"}, "'texts': expected a list"),
        ({"texts": ["a", 1]}, "'texts': expected text"),
        ({"numbers": {"n": None}}, "'numbers.n': expected a whole number"),
        ({"more": 1}, "unknown field 'more'"),
    ],
)
def test_what_is_not_of_the_declared_type_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        read_fields(Outer, {**FIELDS, **change})


def test_a_refusal_is_short_whatever_was_found():
    for found in (["x" * 10_000], {**FIELDS, "count": "x" * 10_000}, {"x" * 10_000: 1}):
        with pytest.raises(ValueError) as failure:
            read_fields(Outer, found)
        assert len(str(failure.value)) < 200
