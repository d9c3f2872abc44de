import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.flink import owners
from headrace.flink.job_api import JobRefused
from headrace.flink.state import ClusterState
from headrace.flink_runner.ownership import Ownership
from headrace.flink_runner.plan import Plan
from headrace.flink_runner.sizing import Shape


def plan_in(home: Path) -> Plan:
    return Plan(
        job_id="ab" * 16,
        token="token",
        name="pipeline/Node/run",
        cluster=ClusterState("http://127.0.0.1:9", 1, 1, "", "1.19.3"),
        shape=Shape(1, 1),
        home=home,
        slot_wait_seconds=1,
        python_failures=1,
        flink_options={},
        facts=None,
        jar=Path("job.jar"),
    )


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_in(tmp_path)


def is_held(plan: Plan) -> bool:
    return owners.has_jobs(plan.home, os.getpid())


def test_a_job_is_held_from_before_its_submission_to_the_end_of_waiting(plan: Plan) -> None:
    ownership = Ownership(plan)
    with ownership.of_submission():
        assert is_held(plan)
    assert is_held(plan)
    with ownership.of_waiting():
        assert is_held(plan)
    assert not is_held(plan)


def test_a_refused_job_is_not_held(plan: Plan) -> None:
    with pytest.raises(JobRefused), Ownership(plan).of_submission():
        raise JobRefused("no")
    assert not is_held(plan)


def test_a_submission_that_was_broken_off_is_held_since_a_job_may_come_of_it(plan: Plan) -> None:
    with pytest.raises(KeyboardInterrupt), Ownership(plan).of_submission():
        raise KeyboardInterrupt
    assert is_held(plan)


def test_a_job_whose_waiting_was_broken_off_is_held_until_it_is_given_up(plan: Plan) -> None:
    ownership = Ownership(plan)
    with pytest.raises(KeyboardInterrupt), ownership.of_waiting():
        raise KeyboardInterrupt
    assert is_held(plan)
    ownership.give_up()
    assert not is_held(plan)


def test_a_stream_outlives_the_process_that_submits_it(plan: Plan) -> None:
    with Ownership(replace(plan, is_unbounded=True)).of_submission():
        assert not is_held(plan)


def test_a_job_that_nobody_waits_for_is_left_at_a_regular_end(plan: Plan) -> None:
    program = f"""
from pathlib import Path
from tests.unit.flink_runner.test_ownership import plan_in
from headrace.flink_runner.ownership import Ownership
with Ownership(plan_in(Path({str(plan.home)!r}))).of_submission():
    pass
assert list(Path({str(plan.home)!r}).rglob("*.json"))
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path.cwd())
    assert list(plan.home.rglob("*.json")) == []
