"""A JobManager that does not answer for a moment, and one that does not answer at all."""

import logging
from pathlib import Path

import pytest

from headrace.flink.job_api import JobApi, JobRefused
from headrace.flink.rest import FlinkUnreachable
from headrace.retries import IMPATIENT, Patience
from headrace.services.ports import free_port
from tests.breaking_proxy import breaking_proxy
from tests.flaky_flink import FlakyFlink

JOB = "0123456789abcdef" * 2
QUICK = Patience(calls=5, pause_seconds=0.01)


def submit(flink: FlakyFlink, tmp_path: Path, patience: Patience = QUICK) -> str:
    jar = tmp_path / "a.jar"
    jar.write_bytes(b"jar" * 1000)
    with JobApi(flink.url, patience=patience) as api:
        return api.submit(jar, "Main", [], {}, JOB)


@pytest.mark.parametrize(
    "faults",
    [
        ["reset", "reset", "reset"],
        ["lost"],
        ["", "reset"],
        ["", "lost"],
        ["", 503, "lost"],
        [503, 502, 504, "reset"],
        ["", "reset", "reset", "lost"],
        ["", "lost", "reset"],
    ],
    ids=str,
)
def test_a_job_is_submitted_once_over_a_connection_that_breaks(
    tmp_path: Path, faults: list[str | int]
) -> None:
    with FlakyFlink(*faults) as flink:
        assert submit(flink, tmp_path) == JOB
        assert flink.jobs == [JOB]
        assert len(flink.heard) <= 12


def test_a_job_is_submitted_and_followed_through_a_proxy_whose_connections_break(
    tmp_path: Path,
) -> None:
    with (
        FlakyFlink() as flink,
        breaking_proxy(int(flink.url.rpartition(":")[2])) as (port, broken),
    ):
        flink.url = f"http://127.0.0.1:{port}"
        assert submit(flink, tmp_path) == JOB
        with JobApi(flink.url, patience=QUICK) as api:
            for _ in range(9):
                assert api.exceptions(JOB) == []
    assert flink.jobs == [JOB]
    assert set(broken) == {"at once", "answer lost", "later"}


def test_a_job_that_a_late_answer_calls_a_duplicate_is_the_one(tmp_path: Path) -> None:
    with FlakyFlink("", "lost") as flink:
        told = flink.answer
        # As it is while the JobManager has the job and does not show it yet.
        flink.answer = lambda method, path, body: (  # type: ignore[method-assign]
            told("GET", "/v1/jobs/x/status", b"") if method == "GET" else told(method, path, body)
        )
        assert submit(flink, tmp_path) == JOB
        assert flink.jobs == [JOB]


def test_each_try_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), FlakyFlink("reset", 503) as flink:
        submit(flink, tmp_path)
    assert len(caplog.messages) == 2
    assert all("Flink, upload of a jar" in message for message in caplog.messages)


def test_questions_about_an_ended_job_are_asked_again() -> None:
    with FlakyFlink("reset", 503) as flink, JobApi(flink.url, patience=QUICK) as api:
        flink.jobs.append(JOB)
        assert api.exceptions(JOB) == []
        flink.faults = ["lost"]
        assert api.get(f"/v1/jobs/{JOB}/accumulators") == {}


def test_a_refusal_is_not_asked_for_again(tmp_path: Path) -> None:
    with FlakyFlink("", 400) as flink:
        with pytest.raises(JobRefused):
            submit(flink, tmp_path)
        assert sum(item.startswith("POST") for item in flink.heard) == 2
        assert flink.jars == []


def test_a_job_manager_that_stays_away_is_given_up(tmp_path: Path) -> None:
    flink = FlakyFlink()
    flink.url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(FlinkUnreachable, match="does not answer") as caught:
        submit(flink, tmp_path)
    assert caught.value.may_pass


def test_who_follows_a_job_asks_once_each_time() -> None:
    with FlakyFlink("reset") as flink, JobApi(flink.url, patience=QUICK) as api:
        flink.jobs.append(JOB)
        with pytest.raises(FlinkUnreachable):
            api.state(JOB)
        assert api.state(JOB) == "RUNNING"
    with (
        FlakyFlink("reset") as flink,
        JobApi(flink.url, patience=IMPATIENT) as api,
        pytest.raises(FlinkUnreachable),
    ):
        api.exceptions(JOB)
