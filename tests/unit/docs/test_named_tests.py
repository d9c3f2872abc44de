"""What a document claims names a test that shows it: here, that there is such a test."""

import re
from functools import cache

import pytest

from tests.documents import PROJECT

TESTS = PROJECT / "tests"
CODE = re.compile(r"`([^`]+)`")
NAME = re.compile(r"[a-z]+(_[a-z0-9]+){2,}")
DEFINED = re.compile(r"^ *(?:async )?def test_(\w+)\(", re.MULTILINE)


def rows(document: str) -> list[str]:
    """The rows of tables with a last column of tests."""
    found, in_table = [], False
    for line in (PROJECT / "docs" / document).read_text().splitlines():
        if not line.startswith("|"):
            in_table = False
        elif line.endswith("| test |"):
            in_table = True
        elif in_table and not line.startswith("|---"):
            found.append(line)
    return found


@cache
def defined() -> frozenset[str]:
    return frozenset(
        name for path in TESTS.rglob("test_*.py") for name in DEFINED.findall(path.read_text())
    )


@pytest.mark.parametrize("document", ["guarantees.md", "security.md"])
def test_each_claim_names_tests_that_there_are(document: str) -> None:
    claims = rows(document)
    assert len(claims) > 5
    for row in claims:
        named = CODE.findall(row.rstrip("| ").rpartition("|")[2])
        files = [word for word in named if word.endswith(".py")]
        names = [word for word in named if NAME.fullmatch(word)]
        assert names or files, f"no test in: {row}"
        for file in files:
            places = {f"{kind}{file}" for kind in ("", "unit/", "integration/", "e2e/")}
            assert any((TESTS / place).is_file() for place in places), f"{file} in: {row}"
        for name in names:
            assert name in defined(), f"{name} in: {row}"
