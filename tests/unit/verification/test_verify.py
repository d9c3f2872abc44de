import sys
from pathlib import Path

import pytest

from headrace.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from headrace.verification.steps import Step
from headrace.verification.verify import _one_after_another, _side_by_side, _sum_up


def exits(code: int, report: Path | None = None) -> Step:
    return Step("step", (sys.executable, "-c", f"raise SystemExit({code})"), report)


def sums_up(steps: list[Step], project: Path) -> int:
    return _sum_up(_one_after_another(steps, project))


def test_a_failed_check_fails_the_whole_and_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert sums_up([exits(0), exits(1)], tmp_path) == EXIT_FAILED
    out = capfd.readouterr().out
    assert "failed: step" in out
    assert out.splitlines()[-1] == "1 passed, 1 failed, 0 skipped"


def test_all_checks_passed(tmp_path: Path) -> None:
    assert sums_up([exits(0)], tmp_path) == EXIT_DONE


def test_one_session_without_a_match_is_fine_but_not_both(tmp_path: Path) -> None:
    report = tmp_path / "r.xml"
    report.write_text('<testsuites><testsuite tests="1"/></testsuites>')
    assert sums_up([exits(5, tmp_path / "none"), exits(0, report)], tmp_path) == EXIT_DONE
    assert sums_up([exits(5, report), exits(5, report)], tmp_path) == EXIT_USAGE


def test_a_session_that_ends_badly_fails_even_if_its_report_is_clean(tmp_path: Path) -> None:
    report = tmp_path / "r.xml"
    report.write_text('<testsuites><testsuite tests="1"/></testsuites>')
    assert sums_up([exits(3, report)], tmp_path) == EXIT_FAILED


def test_the_tests_that_failed_are_named_at_the_end(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "r.xml"
    report.write_text(
        '<testsuites><testsuite tests="1" failures="1"><testcase classname="tests.a" name="test_b">'
        '<failure message="assert 1 == 2"/></testcase></testsuite></testsuites>'
    )
    assert sums_up([exits(1, report)], tmp_path) == EXIT_FAILED
    assert capfd.readouterr().out.splitlines()[-3:] == [
        "failed: step",
        "  tests.a::test_b: assert 1 == 2",
        "0 passed, 1 failed, 0 skipped",
    ]


def test_sessions_run_at_once_and_their_lines_are_told_apart(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # Each waits for the other: one after another they would never end.
    code = (
        "import pathlib, sys, time\n"
        "mine, other = map(pathlib.Path, sys.argv[1:])\n"
        "mine.touch()\n"
        "while not other.exists(): time.sleep(0.01)\n"
        "print('met', file=sys.stderr)\n"
        "sys.exit(mine.name == 'b')\n"
    )
    names = ("a", "b"), ("b", "a")
    steps = [
        Step(f"step {mine}", (sys.executable, "-c", code, mine, other), None, label=mine)
        for mine, other in names
    ]
    assert _sum_up(_side_by_side(steps, tmp_path)) == EXIT_FAILED
    lines = capfd.readouterr().out.splitlines()
    assert {"a | met", "b | met", "failed: step b"} <= set(lines)
    assert lines[-1] == "1 passed, 1 failed, 0 skipped"
