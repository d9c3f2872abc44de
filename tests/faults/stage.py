"""Where a campaign takes place: what is run, what can be hurt in it, what is looked at after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.faults.plan import Fault, Hazard
from tests.faults.scene import Scene


@dataclass(frozen=True)
class End:
    """How a run ended.

    Attributes:
        state: ``success``, ``failed``, ``killed`` where the fault ended whoever could say more, or
            ``hung`` where it did not end.
        said: what its user sees of it.
    """

    state: str
    said: str = ""


class Trial(Protocol):
    """A run that goes on."""

    def is_over(self) -> bool: ...

    def wait(self, seconds: float) -> End:
        """Its end; one that has none within this time is ended."""
        ...


class Stage(Protocol):
    """
    Attributes:
        hazards: what can be done to it here.
        absent: hazards that cannot be here, and why.
    """

    name: str
    hazards: Sequence[Hazard]
    absent: Mapping[str, str]

    def begin(self, run: str) -> Trial: ...

    def resume(self, run: str) -> Trial:
        """Go on with a run that did not end well, as its user would."""
        ...

    def inflict(self, fault: Fault, trial: Trial) -> str:
        """Do it, once what it is done to is there; say to what. Empty: the run ended before."""
        ...

    def lift(self, fault: Fault) -> None:
        """Undo what lasts, as whoever keeps the machine would."""
        ...

    def look(self) -> Scene: ...

    def repair(self) -> None:
        """``bin/headrace doctor --repair``."""
        ...
