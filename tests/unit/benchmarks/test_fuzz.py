from benchmarks.fuzz import Tried, by_side, cases_of, table
from tests.bad_input import cases
from tests.documents import PROJECT


def test_a_campaign_counts_cases_and_findings_by_parser():
    tried = [
        Tried("settings", "test_a", 1500, 1.6, ""),
        Tried("graph", "test_b", 10, 0.2, "text = 'x'"),
        Tried("settings", "test_c", 500, 2.0, ""),
    ]
    assert table(tried).splitlines() == [
        "parser    properties  cases  seconds  findings",
        "graph              1     10        0         1",
        "settings           2  2,000        4         0",
        "all                3  2,010        4         1",
    ]


def test_every_file_of_properties_says_how_many_cases_it_has():
    files = list((PROJECT / "tests" / "unit").glob("**/test_bad_input.py"))
    assert len(files) > 10
    assert all(cases_of(file) >= 20 for file in files)


def test_each_environment_has_its_own_files():
    files = sorted((PROJECT / "tests" / "unit").glob("**/test_bad_input.py"))
    of_tfx, others = by_side(files)
    assert PROJECT / "tests/unit/node/test_bad_input.py" in of_tfx
    assert PROJECT / "tests/unit/cli/test_bad_input.py" in others
    assert sorted(of_tfx + others) == files


def test_the_campaign_and_the_tests_agree_on_the_variables():
    from benchmarks import fuzz

    assert (fuzz._TIMES, fuzz._RESULTS) == (cases.TIMES_VARIABLE, cases.RESULTS_VARIABLE)
