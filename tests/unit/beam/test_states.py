"""The states and timers of a DoFn are those that Beam finds, for each object on its own."""

import gc

import apache_beam as beam
import pytest
from apache_beam.coders import VarIntCoder
from apache_beam.transforms import userstate
from apache_beam.transforms.combiners import CountCombineFn
from apache_beam.transforms.timeutil import TimeDomain

from headrace.beam.states import RememberingSpecs, remember_states

remember_states()
BEAMS_OWN = userstate.get_dofn_specs._find
SEEN = userstate.CombiningValueStateSpec("seen", VarIntCoder(), CountCombineFn())
LATER = userstate.TimerSpec("later", TimeDomain.WATERMARK)
SEEN_PARAM, LATER_PARAM = beam.DoFn.StateParam(SEEN), beam.DoFn.TimerParam(LATER)


class Plain(beam.DoFn):
    def process(self, number):
        yield number


class Stateful(beam.DoFn):
    def process(self, pair, seen=SEEN_PARAM, later=LATER_PARAM):
        yield pair

    @userstate.on_timer(LATER)
    def expired(self, seen=SEEN_PARAM):
        yield seen.read()


class Twice(beam.DoFn):
    def process(self, pair, one=SEEN_PARAM, two=SEEN_PARAM):
        yield pair


@pytest.fixture
def asked() -> list[object]:
    return []


@pytest.fixture
def specs(asked) -> RememberingSpecs:
    return RememberingSpecs(lambda dofn: asked.append(dofn) or BEAMS_OWN(dofn))


@pytest.mark.parametrize("dofn", [Plain(), Stateful(), beam.Map(abs).fn], ids=type)
def test_they_are_beams_and_looked_for_once(specs, asked, dofn) -> None:
    for _ in range(3):
        assert specs(dofn) == BEAMS_OWN(dofn)
    assert len(asked) == 1


def test_what_a_caller_does_with_the_sets_is_its_own_matter(specs) -> None:
    dofn = Stateful()
    specs(dofn)[0].clear()
    assert specs(dofn) == ({SEEN}, {LATER})


def test_a_method_that_is_set_later_is_seen(specs) -> None:
    dofn = Plain()
    assert specs(dofn) == (set(), set())
    dofn.process = Stateful().process
    assert specs(dofn) == BEAMS_OWN(dofn) == ({SEEN}, {LATER})
    dofn.process = Plain().process
    assert specs(dofn) == BEAMS_OWN(dofn) == (set(), set())


def test_an_object_in_the_place_of_another_is_looked_at(specs, asked) -> None:
    for _ in range(50):
        assert specs(Plain()) == (set(), set())
        assert specs(Stateful()) == ({SEEN}, {LATER})
    asked.clear()
    gc.collect()
    assert not specs._found


def test_a_fault_is_told_each_time(specs) -> None:
    dofn = Twice()
    for _ in range(2):
        with pytest.raises(ValueError, match="duplicate process method parameters"):
            specs(dofn)
