"""What is said of a rollback where there is no Airflow. With one: tests/e2e/test_platform.py."""

from pathlib import Path

from headrace.launcher.jobs import RollbackResult
from headrace.services.rollback_event import announce_rollback
from headrace.settings import load_settings


def test_without_airflow_a_rollback_is_done_and_that_no_event_was_sent_is_said(
    tmp_path: Path,
) -> None:
    settings = load_settings(environ={"HEADRACE_HOME": str(tmp_path)})
    done = RollbackResult("rollback-1", 9, 3, "/models/3", 5, 8, "/serving/3", "3")
    assert announce_rollback(settings, "birds", done) == "no Airflow of headrace runs here"
