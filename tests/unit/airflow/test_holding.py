from dataclasses import replace
from pathlib import Path

from headrace.airflow.holding import hold_of
from headrace.launcher.jobs import NodeRequest
from headrace.launcher.protocol import Hold
from headrace.settings import LauncherMode, Settings

SETTINGS = Settings(
    Path("/p"),
    Path("/h"),
    Path("/python"),
    launcher_hold_seconds=7,
    launcher_handover_seconds=3,
)
REQUEST = NodeRequest("/ir.json", "Use", "r1", owner="airflow:d/r1/Use", metadata_url="sqlite:///a")


def hold(**changes: object) -> Hold:
    found = hold_of(SETTINGS, replace(REQUEST, **changes), followed=True)
    assert found is not None
    return found


def test_each_try_of_a_task_looks_for_the_same_job() -> None:
    first, second = hold(), hold(try_number=2, cleared_after=1)
    assert (first.key, first.digest) == (second.key, second.digest)
    assert (first.attempt, second.attempt) == (1, 2)
    assert (first.seconds, first.handover) == (7, 3)


def test_other_parameters_are_another_job_of_the_same_task() -> None:
    other = hold(parameters={"epochs": 3})
    assert other.key == hold().key
    assert other.digest != hold().digest


def test_tasks_and_stores_are_kept_apart_and_no_password_is_in_a_key() -> None:
    keys = {hold().key, hold(owner="airflow:d/r1/Make").key}
    keys.add(hold(metadata_url="postgresql://u:secret@h/d").key)
    assert len(keys) == 3
    assert not any("secret" in key for key in keys)


def test_the_last_try_looks_for_the_job_and_leaves_none_behind() -> None:
    last = hold_of(SETTINGS, REQUEST, followed=False)
    assert last == replace(hold(), seconds=0)


def test_a_launcher_that_keeps_no_jobs_is_not_asked_to() -> None:
    settings = replace(SETTINGS, launcher=LauncherMode.SUBPROCESS)
    assert hold_of(settings, REQUEST, followed=True) is None
