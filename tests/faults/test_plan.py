"""A campaign is the same for the same seed, and does every fault as often as every other."""

from collections import Counter
from itertools import islice

from tests.faults.plan import Hazard, Kind, Target, faults

HAZARDS = [
    Hazard(Kind.KILL, Target.NODE),
    Hazard(Kind.KILL, Target.LAUNCHER),
    Hazard(Kind.PAUSE, Target.NODE, 3.0),
]


def test_the_same_seed_gives_the_same_faults_and_another_gives_others() -> None:
    first, again, other = (list(islice(faults(seed, HAZARDS), 30)) for seed in (7, 7, 8))
    assert first == again != other


def test_a_longer_campaign_begins_as_a_shorter_one() -> None:
    assert list(islice(faults(7, HAZARDS), 5)) == list(islice(faults(7, HAZARDS), 50))[:5]


def test_every_hazard_comes_as_often_as_every_other_at_moments_within_the_run() -> None:
    found = list(islice(faults(7, HAZARDS), 300))
    assert set(Counter(fault.name for fault in found).values()) == {100}
    assert [fault.number for fault in found] == list(range(300))
    moments = [fault.moment for fault in found]
    assert min(moments) >= 0
    assert max(moments) < 1
    assert len(set(moments)) > 250
    assert {fault.seconds for fault in found if fault.kind is Kind.PAUSE} == {3.0}


def test_two_at_once_are_done_to_two_things_and_every_hazard_still_has_its_turn() -> None:
    found = list(islice(faults(7, HAZARDS, at_once=True), 300))
    assert found == list(islice(faults(7, HAZARDS, at_once=True), 300))
    pairs = [fault.all for fault in found]
    assert {len(pair) for pair in pairs} == {2}
    assert all(one.target is not other.target for one, other in pairs)
    assert all(one.moment == other.moment for one, other in pairs)
    assert set(Counter((one.kind, one.target) for one, _ in pairs).values()) == {100}
    assert "kill node, kill launcher" in {fault.name for fault in found}


def test_a_server_that_is_killed_is_not_asked_to_end_its_connections() -> None:
    hazards = [
        Hazard(Kind.KILL, Target.DATABASE),
        Hazard(Kind.CUT, Target.CONNECTIONS),
        Hazard(Kind.KILL, Target.NODE),
    ]
    for fault in islice(faults(7, hazards, at_once=True), 60):
        assert Target.NODE in {each.target for each in fault.all}


def test_no_hazard_is_no_campaign() -> None:
    assert list(faults(7, [])) == []
