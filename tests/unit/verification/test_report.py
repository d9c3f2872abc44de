from pathlib import Path

from headrace.verification.report import Counts, read_counts, read_failures


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


def test_each_failure_is_read_with_the_first_line_of_its_reason(tmp_path: Path) -> None:
    report = tmp_path / "r.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="tests.a" name="test_good"/>'
        '<testcase classname="tests.a" name="test_bad">'
        '<failure message="assert 1 == 2&#10; + where">long text</failure></testcase>'
        '<testcase classname="tests.b" name="test_unready">'
        f'<error message="{"x" * 999}"/></testcase>'
        "</testsuite></testsuites>"
    )
    bad, unready = map(str, read_failures(report))
    assert bad == "  tests.a::test_bad: assert 1 == 2"
    assert unready == f"  tests.b::test_unready: {'x' * 300}..."


def test_a_session_that_died_before_its_report_names_no_failure(tmp_path: Path) -> None:
    assert read_failures(tmp_path / "missing.xml") == []
