"""The pytest plugin in Airflow's environment, where it is loaded too."""

import pytest

pytest_plugins = ["pytester"]


def test_a_test_of_a_component_is_told_where_it_can_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(component): pass\n\ndef test_other(): pass")
    result = pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider")
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["components run where TFX is, and * has none: run these tests *"])
