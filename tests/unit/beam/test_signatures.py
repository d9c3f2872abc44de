"""A remembered signature is the one that Beam would find, for each function and not each object."""

import apache_beam as beam
import pytest
from apache_beam.coders import VarIntCoder
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms import core, userstate
from apache_beam.transforms.combiners import CountCombineFn

from headrace.beam.signatures import Remembering, remember_signatures


class Add(beam.DoFn):
    def __init__(self, more: int) -> None:
        self.more = more

    def process(self, number, more=beam.DoFn.TimestampParam):
        yield number + self.more


class Count(Add):
    SEEN = userstate.CombiningValueStateSpec("seen", VarIntCoder(), CountCombineFn())
    SEEN_PARAM = beam.DoFn.StateParam(SEEN)

    def process(self, pair, seen=SEEN_PARAM):
        seen.add(1)
        yield pair[0], seen.read()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every callable that Beam itself was asked about."""
    asked = []
    find = core.get_signature

    def noting(func):
        asked.append(func)
        return find(func)

    monkeypatch.setattr(core, "get_signature", Remembering(noting))
    return asked


def test_a_method_is_looked_at_once_for_all_objects(asked) -> None:
    first = core.get_function_arguments(Add(1), "process")
    assert first == core.get_function_arguments(Add(2), "process")
    assert first == (["number", "more"], [beam.DoFn.TimestampParam])
    assert len(asked) == 1


def test_a_subclass_has_its_own_method(asked) -> None:
    assert core.get_function_arguments(Add(1), "process")[0] == ["number", "more"]
    assert core.get_function_arguments(Count(1), "process")[0] == ["pair", "seen"]
    # A method that is inherited is the same function.
    core.get_function_arguments(Add(1), "setup")
    core.get_function_arguments(Count(1), "setup")
    assert len(asked) == 3


def test_functions_and_callables_are_looked_at_each_time(asked) -> None:
    for _ in range(2):
        assert core.get_function_args_defaults(lambda a, b=1: a) == (["a", "b"], [1])
        assert core.get_function_args_defaults(int.bit_length)[0]
    assert len(asked) == 4


def test_state_still_works_in_a_pipeline(asked) -> None:
    with beam.Pipeline() as pipeline:
        pairs = pipeline | beam.Create([("a", 1), ("a", 2), ("b", 3)])
        counts = pairs | beam.ParDo(Count(0)) | beam.CombinePerKey(max)
        assert_that(counts, equal_to([("a", 2), ("b", 1)]))
    assert asked


def test_it_is_done_once() -> None:
    remember_signatures()
    once = core.get_signature
    remember_signatures()
    assert core.get_signature is once
    assert isinstance(once, Remembering)
