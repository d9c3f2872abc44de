"""A campaign of two faults at once does both, and undoes both, or says that it has missed."""

from typing import ClassVar

from tests.faults.campaign import Campaign
from tests.faults.plan import Fault, Hazard, Kind, Target
from tests.faults.scene import Scene
from tests.faults.stage import End
from tests.faults.store import Store


class Ended:
    """A run that ends well, once something was done to it."""

    def __init__(self) -> None:
        self.over = False

    def is_over(self) -> bool:
        return self.over

    def wait(self, seconds: float) -> End:
        self.over = True
        return End("success")


class Recorded:
    """Runs nothing: it stands in for a stage, to see what a campaign asks of one."""

    name = "recorded"
    absent: ClassVar[dict[str, str]] = {}
    hazards = (
        Hazard(Kind.KILL, Target.NODE),
        Hazard(Kind.FILL, Target.STORE),
    )

    def __init__(self, unreachable: Target | None = None) -> None:
        self._unreachable = unreachable
        self.done: list[Target] = []
        self.lifted: list[Target] = []

    def begin(self, run: str) -> Ended:
        return Ended()

    resume = begin

    def inflict(self, fault: Fault, trial: object) -> str:
        self.done.append(fault.target)
        return "" if fault.target is self._unreachable else fault.target.value

    def lift(self, fault: Fault) -> None:
        self.lifted.append(fault.target)

    def look(self) -> Scene:
        return Scene(Store())

    def repair(self) -> None:
        raise AssertionError("nothing has failed")


def test_both_are_done_and_undone() -> None:
    stage = Recorded()
    [result] = Campaign(stage, 1, at_once=True).run(1)
    assert result.outcome == "went on"
    assert sorted(result.done_to.split("; ")) == ["node", "store"]
    assert set(stage.done) == set(stage.lifted) == {Target.NODE, Target.STORE}


def test_where_one_of_the_two_finds_nothing_the_fault_was_not_done() -> None:
    [result] = Campaign(Recorded(Target.NODE), 1, at_once=True).run(1)
    assert result.outcome == "missed"


def test_a_fault_alone_is_as_before() -> None:
    stage = Recorded()
    [result] = Campaign(stage, 1).run(1)
    assert result.outcome == "went on"
    assert len(stage.done) == len(stage.lifted) == 1
