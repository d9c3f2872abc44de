"""The pytest plugin's fixture ``component`` on the runners that are not in the test's process."""

from pathlib import Path

import pytest

from headrace.launcher.client import JobFailed
from headrace.settings import Settings
from tests.integration.flink_runner.conftest import Flink
from tests.unit.testing.counting import CountOnBeam, CountRows

pytestmark = pytest.mark.integration
ROWS = [{"x": 1.0}, {"x": 2.0}]


@pytest.fixture(scope="session")
def headrace_flink(flink: Flink) -> Settings:
    return flink.settings


@pytest.mark.beam_runners("multi_processing", "flink")
def test_a_beam_job_runs_on_each(component, examples, beam_runner: str) -> None:
    result = component(CountOnBeam, examples=examples(ROWS))
    assert Path(result["lines"].uri).read_text() == "2 rows\n"
    jobs = "headrace_flink_job_id" in result.execution.custom_properties
    assert jobs == (beam_runner == "flink")


@pytest.mark.beam_runners("multi_processing")
def test_a_failure_tells_what_the_component_raised(component, examples) -> None:
    with pytest.raises(JobFailed, match="2 rows are fewer than 3"):
        component(CountRows, examples=examples(ROWS), least=3)
