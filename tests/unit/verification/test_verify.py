import sys
from pathlib import Path

import pytest

from headrace.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from headrace.verification.steps import Step
from headrace.verification.verify import _run


def exits(code: int, report: Path | None = None) -> Step:
    return Step("step", (sys.executable, "-c", f"raise SystemExit({code})"), report)


def test_a_failed_check_fails_the_whole_and_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert _run([exits(0), exits(1)], tmp_path) == EXIT_FAILED
    out = capfd.readouterr().out
    assert "failed: step" in out
    assert out.splitlines()[-1] == "1 passed, 1 failed, 0 skipped"


def test_all_checks_passed(tmp_path: Path) -> None:
    assert _run([exits(0)], tmp_path) == EXIT_DONE


def test_one_session_without_a_match_is_fine_but_not_both(tmp_path: Path) -> None:
    report = tmp_path / "r.xml"
    report.write_text('<testsuites><testsuite tests="1"/></testsuites>')
    assert _run([exits(5, tmp_path / "none"), exits(0, report)], tmp_path) == EXIT_DONE
    assert _run([exits(5, report), exits(5, report)], tmp_path) == EXIT_USAGE


def test_a_session_that_ends_badly_fails_even_if_its_report_is_clean(tmp_path: Path) -> None:
    report = tmp_path / "r.xml"
    report.write_text('<testsuites><testsuite tests="1"/></testsuites>')
    assert _run([exits(3, report)], tmp_path) == EXIT_FAILED
