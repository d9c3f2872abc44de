"""Rows that cannot become examples: what is known of one, and what is done with them."""

from __future__ import annotations

import enum
import json
from dataclasses import asdict, dataclass

from headrace.errors import HeadraceError

_SHOWN = 200


class Policy(enum.Enum):
    """What becomes of a bad row."""

    FAIL = "fail"
    """The component fails at the first one, with its file, line and reason."""
    QUARANTINE = "quarantine"
    """It is written beside the examples, with its file, line and reason, and counted."""
    SKIP = "skip"
    """It is left out and counted; more than the limit fail the component."""


@dataclass(frozen=True)
class BadRows:
    """What to do with bad rows.

    Attributes:
        limit: so many may be left out or quarantined; None for any number.
    """

    policy: Policy = Policy.FAIL
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.policy is Policy.SKIP and self.limit is None:
            raise ValueError("bad_rows='skip' needs bad_rows_limit: how many rows may be lost")
        if self.policy is Policy.FAIL and self.limit is not None:
            raise ValueError("bad_rows='fail' takes no bad_rows_limit: the first bad row fails")
        if self.limit is not None and self.limit < 0:
            raise ValueError(f"bad_rows_limit must be 0 or more, not {self.limit}")

    def check(self, count: int, example: BadRow | None) -> None:
        """Refuse more bad rows than are allowed.

        Raises:
            HeadraceError: with the last of them as an example.
        """
        if self.limit is not None and count > self.limit:
            last = f", among them {example.describe()}" if example else ""
            raise HeadraceError(
                f"{count} bad rows are more than the limit of {self.limit}{last}",
                "mend the data, or raise the limit of bad_rows",
            )


@dataclass(frozen=True)
class BadRow:
    """One bad row.

    Attributes:
        line: of the file, from 1; in Parquet and Arrow files the row, from 1.
        text: the row as it was read; bytes that are no text as ``\\xNN``.
    """

    file: str
    line: int
    reason: str
    text: str

    def describe(self) -> str:
        """File, line, reason and the row's beginning, on one line."""
        shown = self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}..."
        return f"{self.file}:{self.line}: {self.reason}: {shown!r}"

    def as_json(self) -> bytes:
        """The row as one line of JSON in UTF-8, as the quarantine holds it."""
        line = json.dumps(asdict(self), ensure_ascii=False) + "\n"
        # Half a surrogate pair has no bytes in UTF-8; JSON's escape for it is Python's.
        return line.encode("utf-8", "backslashreplace")

    def error(self) -> HeadraceError:
        """What policy ``fail`` raises."""
        return HeadraceError(
            self.describe(),
            "mend the row, or have bad rows quarantined (bad_rows='quarantine') or skipped",
        )
