"""The pytest plugin in Airflow's environment, where it is loaded too and a run costs little."""

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]
MARKED = """
import pytest

@pytest.mark.beam_runners({names})
def test_it(beam_runner):
    assert beam_runner == "direct"
"""


def test_a_test_runs_once_on_each_runner_that_it_names(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(MARKED.format(names='"direct", "flink"'))
    left = pytester.runpytest_inprocess("-v", "-m", "not flink", "-p", "no:cacheprovider")
    left.assert_outcomes(passed=1, deselected=1)
    left.stdout.fnmatch_lines(["*test_it?direct?*"])


def test_a_runner_that_there_is_not_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(one=MARKED.format(names='"spark"'), two=MARKED.format(names=""))
    found = pytester.runpytest_inprocess("one.py", "two.py", "-p", "no:cacheprovider")
    assert found.ret != 0
    for line in ("*'spark',* names no runner of *", "*() names no runner of direct, multi_proc*"):
        found.stdout.fnmatch_lines([line])


def test_the_plugin_imports_nothing_heavy() -> None:
    code = (
        "import sys, headrace.testing.plugin; "
        "print([name for name in ('tensorflow', 'tfx', 'apache_beam', 'pandas', 'numpy') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_test_of_a_component_is_told_where_it_can_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(component): pass\n\ndef test_other(): pass")
    result = pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider")
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["components run where TFX is, and * has none: run these tests *"])
