from pathlib import Path

from headrace.verification.report import Counts, read_counts


def test_counts_are_read_from_the_report(tmp_path: Path) -> None:
    report = tmp_path / "r.xml"
    report.write_text(
        '<testsuites><testsuite tests="9" failures="1" errors="2" skipped="3"/></testsuites>'
    )
    assert read_counts(report) == Counts(passed=3, failed=3, skipped=3)


def test_a_session_that_died_before_its_report_counts_as_failed(tmp_path: Path) -> None:
    assert read_counts(tmp_path / "missing.xml") == Counts(failed=1)
    (tmp_path / "torn.xml").write_text("<testsuites><testsuite")
    assert read_counts(tmp_path / "torn.xml") == Counts(failed=1)
