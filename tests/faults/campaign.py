"""A sequence of faults, each done to a run of its own, with an audit after it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field

from tests.faults.auditor import REPAIRED, Claim, Complaint, Outputs, Rule, audit, completed
from tests.faults.plan import Fault, Kind, Target, faults
from tests.faults.stage import End, Stage, Trial

RUN_SECONDS = 300.0
"""A run that takes longer hangs, unless an undisturbed one takes more than a tenth of this."""
_TIMES_NOMINAL = 10
SETTLE_SECONDS = 12.0
"""What a fault leaves is gone within ten seconds; two are for the looking."""
_POLL_SECONDS = 0.25
_TRIES = 3
_WITHOUT_A_WORD = ("killed",)


@dataclass(frozen=True)
class Result:
    """What came of a fault.

    Attributes:
        outcome: ``went on``: the run ended well by itself; ``resumed``: it failed with its reason
            and ended well once it was resumed; ``missed``: it ended before the fault could be
            done, which counts as none; ``broken``: it did not end well, or something holds no more.
        done_to: which process or disk.
        end: how the run had ended before it was resumed.
        reason: what it said then, its first line.
        repaired: nobody was left to clear up, and ``doctor --repair`` did.
        complaints: of the auditor.
    """

    stage: str
    seed: int
    fault: Fault
    outcome: str
    done_to: str = ""
    end: str = ""
    reason: str = ""
    repaired: bool = False
    seconds: float = 0.0
    complaints: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, object]:
        """As a line of JSON."""
        return {**asdict(self), "fault": self.fault.name, **_of_plan(self.fault)}


class Campaign:
    """Faults on one stage.

    Args:
        settle_seconds: as long as what a fault leaves may stay.
        at_once: two faults are done at each moment.

    Attributes:
        expected: what an undisturbed run puts out.
        nominal: how many seconds it takes.
    """

    def __init__(
        self,
        stage: Stage,
        seed: int,
        settle_seconds: float = SETTLE_SECONDS,
        *,
        at_once: bool = False,
    ) -> None:
        self._stage, self._seed, self._settle = stage, seed, settle_seconds
        self._at_once = at_once
        self._kept: dict[int, str] = {}
        self.expected: Outputs = {}
        self.nominal = 0.0

    def prepare(self) -> list[Complaint]:
        """Run undisturbed, twice: the first starts what later ones find running."""
        complaints: list[Complaint] = []
        for name in ("undisturbed-1", "undisturbed-2"):
            start = time.monotonic()
            end = self._stage.begin(name).wait(_TIMES_NOMINAL * RUN_SECONDS)
            self.nominal = time.monotonic() - start
            if end.state != "success":
                raise RuntimeError(f"{name} ended as {end.state}: {end.said}")
            scene = self._stage.look()
            found = {
                item.node: {
                    key: scene.digests[artifact.id] for key, artifact in scene.store.outputs(item)
                }
                for item in scene.store.of_run(name)
            }
            self.expected = _common(self.expected or found, found)
            complaints += self._settled(self._claim(name, ended_well=True), self._settle)
        return complaints

    def run(self, count: int, first: int = 0) -> Iterator[Result]:
        """The faults ``first`` to ``first + count`` of the seed's sequence, one after another."""
        for fault in faults(self._seed, self._stage.hazards, at_once=self._at_once):
            if fault.number >= first + count:
                return
            if fault.number >= first:
                yield self.suffer(fault)

    def suffer(self, fault: Fault) -> Result:
        """Do one fault to a run; a run that ends before it could be done is followed by another."""
        result = Result(self._stage.name, self._seed, fault, "missed")
        for attempt in range(_TRIES):
            name = f"f{fault.number}-{attempt}"
            try:
                result = self._attempt(fault, name, fault.moment / (1 + attempt))
            except Exception as error:
                # Such as a command that is to undo it: nothing is known of what holds then.
                said = traceback.format_exc()
                told = [f"the campaign itself: {type(error).__name__}: {error}", said]
                result = Result(self._stage.name, self._seed, fault, "broken", complaints=told)
            if result.outcome != "missed":
                break
        return result

    def _attempt(self, fault: Fault, run: str, moment: float) -> Result:
        start = time.monotonic()
        limit = max(RUN_SECONDS, _TIMES_NOMINAL * self.nominal)
        trial = self._stage.begin(run)
        _sleep_within(trial, moment * self.nominal)
        try:
            done_to = "" if trial.is_over() else self._inflict(fault, trial)
            end = trial.wait(limit)
        finally:
            for each in fault.all:
                self._stage.lift(each)
        complaints = [str(it) for it in _complaints_of(end, limit)]
        repaired = False
        if end.state != "success":
            found, repaired = self._audited_with_repair(fault, run)
            complaints += [str(it) for it in found]
            last = self._stage.resume(run).wait(limit)
            if last.state != "success":
                complaints.append(f"resumed, it ended as {last.state}: {_reason(last)}")
        claim = self._claim(run, ended_well=True)
        complaints += [str(it) for it in self._settled(claim, self._settle)]
        self._kept.update(completed(self._stage.look()))
        outcome = "went on" if end.state == "success" else "resumed"
        return Result(
            stage=self._stage.name,
            seed=self._seed,
            fault=fault,
            outcome="broken" if complaints else outcome if done_to else "missed",
            done_to=done_to,
            end=end.state,
            reason=_reason(end),
            repaired=repaired,
            seconds=round(time.monotonic() - start, 2),
            complaints=list(dict.fromkeys(complaints)),
        )

    def _inflict(self, fault: Fault, trial: Trial) -> str:
        """Do it; say to what. Empty: the run ended before all of it was done."""
        with ThreadPoolExecutor(len(fault.all)) as threads:
            told = list(threads.map(lambda each: self._stage.inflict(each, trial), fault.all))
        return "; ".join(told) if all(told) else ""

    def _audited_with_repair(self, fault: Fault, run: str) -> tuple[list[Complaint], bool]:
        """Complaints on a run that failed; what the documents leave to a repair is left to one."""
        claim = self._claim(run, ended_well=False)
        spared = frozenset() if _somebody_is_left(fault) else REPAIRED
        found = self._settled(claim, self._settle, spared)
        if not found or any(it.rule not in spared for it in found):
            return found, False
        self._stage.repair()
        return self._settled(claim, self._settle), True

    def _claim(self, run: str, *, ended_well: bool) -> Claim:
        return Claim(run, ended_well, self.expected, self._kept)

    def _settled(
        self, claim: Claim, seconds: float, spared: Collection[Rule] = ()
    ) -> list[Complaint]:
        """What is complained of after a while in which it may pass; nobody waits for the spared."""
        deadline = time.monotonic() + seconds
        while True:
            found = audit(self._stage.look(), claim)
            if all(it.rule in spared for it in found) or time.monotonic() > deadline:
                return found
            time.sleep(_POLL_SECONDS)


def _somebody_is_left(fault: Fault) -> bool:
    """Whether a process lives on that clears up after the fault: see docs/guarantees.md.

    A launcher that was killed cannot, and none can write to a store that cannot be reached.
    """
    if fault.also is not None and not _somebody_is_left(fault.also):
        return False
    if fault.kind is Kind.KILL:
        return fault.target not in (Target.LAUNCHER, Target.DATABASE)
    return fault.target not in (
        Target.STORE, Target.DATABASE, Target.CONNECTIONS, Target.NETWORK, Target.ARTIFACTS,
    )  # fmt: skip


def _common(first: Outputs, second: Outputs) -> Outputs:
    """What both runs put out; digests that differ, such as those of trained models, are empty."""
    return {
        node: {
            key: content if first.get(node, {}).get(key) == content else ""
            for key, content in outputs.items()
        }
        for node, outputs in second.items()
    }


def _complaints_of(end: End, limit: float) -> Iterator[str]:
    if end.state == "hung":
        yield f"the run did not end within {limit:.0f} s"
    elif end.state not in ("success", *_WITHOUT_A_WORD) and not _reason(end):
        yield f"the run ended as {end.state} and gave no reason"
    if "Traceback (most recent call last)" in end.said:
        yield "the run showed its user a traceback"


def _reason(end: End) -> str:
    lines = [line for line in end.said.splitlines() if " failed: " in line or "headrace: " in line]
    return lines[0][:300] if lines else ""


def _sleep_within(trial: Trial, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not trial.is_over():
        time.sleep(min(0.01, seconds))


def _of_plan(fault: Fault) -> dict[str, object]:
    return {"number": fault.number, "moment": fault.moment, "lasts": fault.seconds}
