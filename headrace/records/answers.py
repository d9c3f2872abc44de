"""What several metadata stores have answered to one question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headrace.errors import HeadraceError, UsageError
from headrace.records.entities import Records

_ADVICE = "say whose with --pipeline, or set HEADRACE_METADATA_URL to one of:"


@dataclass(frozen=True)
class Answer:
    """One store's.

    Attributes:
        store: its URL without a password.
        records: None where there is no store yet, or with an error.
        error: it cannot be read, or has not what was asked for.
        unreadable: it cannot be read.
    """

    store: str
    records: Records | None = None
    error: HeadraceError | None = None
    unreadable: bool = False

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Answer:
        """Read what the process with the store has written."""
        records, said = fields.get("records"), fields.get("error")
        if said is None:
            return cls(fields["store"], Records.from_dict(records) if records else None)
        kind = UsageError if said["usage"] else HeadraceError
        error = kind(said["message"], said["hint"])
        return cls(fields["store"], error=error, unreadable=said["unreadable"])


def those_found(answers: Sequence[Answer]) -> tuple[dict[str, Records], list[str]]:
    """The records by store, and what to tell the user of the stores that have none.

    Raises:
        UsageError: one of them needs to be asked more clearly.
        HeadraceError: none has what was asked for.
    """
    found = {item.store: item.records for item in answers if item.records is not None}
    failed = [item for item in answers if item.error is not None]
    for item in sorted(failed, key=lambda item: not item.unreadable):
        if item.error is not None and (not found or isinstance(item.error, UsageError)):
            raise item.error
    if not found:
        return {}, [no_store(answers)]
    notices = [records.notice for records in found.values() if records.notice]
    return found, [*notices, *(str(item.error) for item in failed if item.unreadable)]


def the_only_one(answers: Sequence[Answer], what: str) -> Records:
    """The records of the one store that has what was asked for; ``what`` names it to the user.

    Raises:
        UsageError: several stores have it.
        HeadraceError: none has it.
    """
    found, _ = those_found(answers)
    if not found:
        raise HeadraceError(
            no_store(answers), "is HEADRACE_METADATA_URL set as where the pipeline runs?"
        )
    if len(found) > 1:
        raise UsageError(f"{what} is in {len(found)} metadata stores", "\n".join([_ADVICE, *found]))
    [records] = found.values()
    return records


def the_first_one(answers: Sequence[Answer], what: str) -> Records:
    """The same, but the project's own store wins over those that pipelines name themselves."""
    own = answers[0].records
    others = [item.store for item in answers[1:] if item.records is not None]
    if own is None or not others:
        return the_only_one(answers, what)
    told = f"{what} is in other metadata stores, too; {_ADVICE}"
    return replace(own, notice="\n".join([*filter(None, [own.notice]), told, *others]))


def no_store(answers: Sequence[Answer]) -> str:
    """That nothing has run yet."""
    return f"nothing has run yet: there is no metadata store at {answers[0].store}"
