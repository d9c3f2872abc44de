"""Flink's REST API, as far as a cluster's state needs it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from headrace.errors import HeadraceError
from headrace.flink.connection import BUSY, MAY_PASS, FlinkConnection

_TIMEOUT_SECONDS = 10.0


class FlinkUnreachable(HeadraceError):
    """The JobManager's REST API does not answer, or not as Flink does.

    Attributes:
        may_pass: whether it may answer in a moment.
    """

    def __init__(self, message: str, hint: str = "", *, may_pass: bool = False) -> None:
        super().__init__(message, hint)
        self.may_pass = may_pass


def may_pass(error: Exception) -> bool:
    """Whether it is that a JobManager does not answer at the moment."""
    return isinstance(error, FlinkUnreachable) and error.may_pass


@dataclass(frozen=True)
class Overview:
    """A cluster in numbers."""

    version: str
    task_managers: int
    slots: int
    free_slots: int


@dataclass(frozen=True)
class Job:
    """A job that the cluster knows, running or ended.

    Attributes:
        state: as Flink calls it: ``RUNNING``, ``FINISHED``, ``FAILED``, ...
        started: seconds since the epoch.
        seconds: from its start to its end, or until now.
    """

    job_id: str
    name: str
    state: str
    started: float
    seconds: float


class FlinkApi(FlinkConnection):
    """What shows the state of a cluster asks it."""

    def __init__(self, url: str, timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        super().__init__(url, timeout_seconds)

    def overview(self) -> Overview:
        """The cluster's version, TaskManagers and slots.

        Raises:
            FlinkUnreachable: it does not answer.
        """
        return read_overview(self._get("/overview"))

    def jobs(self) -> list[Job]:
        """Every job that the cluster knows, the newest first.

        Raises:
            FlinkUnreachable: it does not answer.
        """
        return read_jobs(self._get("/jobs/overview"), time.time())

    def _get(self, path: str) -> Mapping[str, Any]:
        try:
            answer = self._http.get(path)
            answer.raise_for_status()
            found = answer.json()
        except httpx.HTTPStatusError as error:
            code = error.response.status_code
            raise self._unreachable(f"answers {code} to {path}", may_pass=code in BUSY) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            what, passes = f"does not answer: {reason}", isinstance(error, MAY_PASS)
            raise self._unreachable(what, may_pass=passes) from None
        except (ValueError, RecursionError):
            raise self._unreachable(f"answers to {path} with something that is not JSON") from None
        if not isinstance(found, dict):
            raise self._unreachable(f"answers to {path} with something that is not Flink's")
        return found

    def _unreachable(self, what: str, *, may_pass: bool = False) -> FlinkUnreachable:
        return FlinkUnreachable(
            f"the Flink cluster at {self._shown} {what}",
            "check that it runs, and the setting flink_master if it is one of yours",
            may_pass=may_pass,
        )


@contextlib.contextmanager
def as_flinks() -> Iterator[None]:
    """Read an answer as Flink's.

    Raises:
        FlinkUnreachable: what is read out of it is not there, or not what Flink has there.
    """
    try:
        yield
    except (LookupError, AttributeError, TypeError, ValueError, OverflowError):
        raise FlinkUnreachable("what answers is not a Flink JobManager") from None


def read_overview(answer: Mapping[str, Any]) -> Overview:
    """Read the answer to ``/overview``.

    Raises:
        FlinkUnreachable: it is not Flink's.
    """
    with as_flinks():
        return Overview(
            version=str(answer["flink-version"]),
            task_managers=int(answer["taskmanagers"]),
            slots=int(answer["slots-total"]),
            free_slots=int(answer["slots-available"]),
        )


def read_jobs(answer: Mapping[str, Any], now: float) -> list[Job]:
    """Read the answer to ``/jobs/overview``, whose times are in milliseconds.

    Raises:
        FlinkUnreachable: it is not Flink's.
    """
    with as_flinks():
        jobs = [_job(item, now) for item in answer["jobs"]]
    return sorted(jobs, key=lambda job: job.started, reverse=True)


def _job(item: Mapping[str, Any], now: float) -> Job:
    started, ended = item["start-time"] / 1000, item["end-time"] / 1000
    # A job that goes on has an end of -1.
    seconds = max(0.0, (ended if ended > 0 else now) - started)
    return Job(str(item["jid"]), str(item["name"]), str(item["state"]), started, seconds)
