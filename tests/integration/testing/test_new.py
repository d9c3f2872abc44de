"""What ``headrace new`` writes, in a project of its own, with the tests that come with it."""

import sys

import pytest
import tensorflow_model_analysis
import tfx.v1

from headrace.cli.main import main
from headrace.settings import Settings

pytestmark = pytest.mark.integration
pytest_plugins = ["pytester"]

LOADED_BEFORE = (tfx.v1, tensorflow_model_analysis)
"""pytester forgets modules that are first imported in it, which TensorFlow does not survive."""
CONFTEST = """
from pathlib import Path

import pytest

from headrace.settings import load_settings


@pytest.fixture(scope="session")
def headrace_settings():
    # The launcher of the session that runs this one.
    environ = {{"HEADRACE_HOME": {home!r}, "HEADRACE_TFX_PYTHON": {python!r}}}
    return load_settings(Path(__file__).parent, environ=environ)
"""


def test_a_component_and_a_pipeline_pass_the_tests_that_come_with_them(
    settings: Settings, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_PROJECT", str(pytester.path))
    assert main(["new", "component", "row_count"]) == 0
    assert main(["new", "pipeline", "birds"]) == 0
    pytester.makeconftest(CONFTEST.format(home=str(settings.home), python=str(settings.tfx_python)))
    pytester.syspathinsert()  # as `python -m pytest` does
    for name in [name for name in sys.modules if name.partition(".")[0] == "pipelines"]:
        monkeypatch.delitem(sys.modules, name)  # this repository's own
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "tests")
    result.assert_outcomes(passed=5, warnings=0)
