"""What a collection of old artifacts is asked, and what it has found and done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from headrace.errors import HeadraceError
from headrace.keeping.collecting import Policy
from headrace.records.client import answers
from headrace.records.stores import store_urls
from headrace.settings import Settings


@dataclass(frozen=True)
class CollectRequest:
    """``policy``: fields of a ``Policy``. ``delete``: remove what may go, do not only tell."""

    policy: dict[str, Any]
    delete: bool = False

    def as_policy(self) -> Policy:
        return Policy(**{**self.policy, "states": tuple(self.policy["states"])})


@dataclass(frozen=True)
class Garbage:
    """An artifact that may go, or is gone.

    Attributes:
        error: why its files could not be removed.
    """

    id: int
    type: str
    pipeline: str
    run_id: str
    node_id: str
    directory: str
    bytes: int
    error: str = ""


@dataclass(frozen=True)
class Collected:
    """One store's.

    Attributes:
        deleted: they are gone, and not only may go.
        lineage, foreign: as of a ``Decision``.
        error: why the store cannot be used; empty if it can, or does not exist yet.
    """

    store: str
    artifacts: list[Garbage] = field(default_factory=list)
    deleted: bool = False
    lineage: int = 0
    foreign: int = 0
    error: str = ""

    def by_pipeline(self) -> dict[str, tuple[int, int]]:
        """Number and bytes of those without an error, by pipeline."""
        found: dict[str, tuple[int, int]] = {}
        for item in self.artifacts:
            if not item.error:
                number, size = found.get(item.pipeline, (0, 0))
                found[item.pipeline] = (number + 1, size + item.bytes)
        return dict(sorted(found.items()))

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Collected:
        """Read what the process with the store has written."""
        found = [Garbage(**item) for item in fields["artifacts"]]
        return cls(**{**fields, "artifacts": found})


def collect(settings: Settings, policy: Policy, *, delete: bool) -> Sequence[Collected]:
    """Find what may go in the project's stores, and remove it if ``delete``.

    Raises:
        HeadraceError: the stores cannot be asked.
    """
    request = {
        "urls": store_urls(settings),
        "collect": asdict(CollectRequest(asdict(policy), delete)),
    }
    done = []
    for answer in answers(settings, request):
        if error := answer.get("error"):
            reason = str(HeadraceError(error["message"], error["hint"]))
            done.append(Collected(answer["store"], error=reason))
        elif "collected" in answer:
            done.append(Collected.from_dict(answer["collected"]))
    return done
