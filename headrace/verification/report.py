"""Counts and failures of a test session, from the JUnit file that pytest writes."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 300
"""Characters of a reason that are shown: the session's own output has it whole."""


@dataclass(frozen=True)
class Counts:
    """Tests of a session by outcome; an error in set-up counts as failed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass(frozen=True)
class Failure:
    """A test that failed: which, and the first line of why."""

    test: str
    reason: str

    def __str__(self) -> str:
        return f"  {self.test}: {self.reason}"


def read_counts(report: Path) -> Counts:
    """Read the counts of one session; a session that wrote no report counts as one failure."""
    root = _root(report)
    if root is None:
        return Counts(failed=1)
    total = Counts()
    for suite in root.iter("testsuite"):
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        total += Counts(int(suite.get("tests", 0)) - failed - skipped, failed, skipped)
    return total


def read_failures(report: Path) -> list[Failure]:
    """The tests of one session that failed; none of a session that wrote no report."""
    root = _root(report)
    if root is None:
        return []
    return [
        Failure(f"{case.get('classname')}::{case.get('name')}", _first_line(problem))
        for case in root.iter("testcase")
        for problem in (*case.iter("failure"), *case.iter("error"))
    ]


def _first_line(problem: ElementTree.Element) -> str:
    lines = (problem.get("message") or problem.text or "").strip().splitlines()
    line = lines[0] if lines else "no reason given"
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def _root(report: Path) -> ElementTree.Element | None:
    try:
        return ElementTree.parse(report).getroot()
    except (OSError, ElementTree.ParseError):
        return None
