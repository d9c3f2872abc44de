"""Flink's REST API, as far as one job needs it: submit, look, cancel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from headrace.errors import HeadraceError
from headrace.flink.connection import BUSY, MAY_PASS, FlinkConnection
from headrace.flink.rest import FlinkUnreachable, as_flinks, may_pass
from headrace.retries import IMPATIENT, Patience, patiently

_TIMEOUT_SECONDS = 30.0
_SUBMIT_SECONDS = 600.0
"""A jar of 100 MB may go over a slow network, and a large pipeline takes its time to translate."""
_NO_JOB = "FlinkJobNotFoundException"
_TWICE = "DuplicateJobSubmissionException"
ENDED = frozenset(("FINISHED", "FAILED", "CANCELED"))
_ACTIVE = frozenset(("DEPLOYING", "INITIALIZING", "RUNNING", "CANCELING"))


class JobRefused(HeadraceError):
    """The cluster answered that it does not do this; the message has its reason."""


class JobUnknown(HeadraceError):
    """The JobManager has no such job: another one has taken its place since, for example."""

    transient = True


@dataclass(frozen=True)
class Restore:
    """The state that a job begins with.

    Attributes:
        path: of a savepoint or a retained checkpoint, as the JobManager reads it.
        lenient: begin also where some of that state belongs to nothing in the job.
    """

    path: str
    lenient: bool = False


@dataclass(frozen=True)
class Savepoint:
    """A savepoint that was asked for.

    Attributes:
        path: where it is; empty until it is there.
        trouble: Java's trace of why there will be none.
    """

    done: bool
    path: str = ""
    trouble: str = ""


@dataclass(frozen=True)
class Vertex:
    """One operator chain of a job.

    Attributes:
        state: Flink's summary of its tasks; it is ``CREATED`` while they wait for slots.
        waiting: how many of its tasks want a slot and have none.
    """

    name: str
    state: str
    parallelism: int
    read_records: int
    written_records: int
    waiting: int = 0


@dataclass(frozen=True)
class JobDetail:
    """A job with its vertices, as the JobManager last counted them (it may lag by a second)."""

    job_id: str
    name: str
    state: str
    vertices: tuple[Vertex, ...]

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def finished_vertices(self) -> int:
        return sum(vertex.state == "FINISHED" for vertex in self.vertices)

    @property
    def running_vertices(self) -> int:
        return sum(vertex.state == "RUNNING" for vertex in self.vertices)

    @property
    def active_vertices(self) -> int:
        """Vertices that have slots now."""
        return sum(vertex.state in _ACTIVE for vertex in self.vertices)

    @property
    def records(self) -> int:
        """Records that vertices have read from one another."""
        return sum(vertex.read_records for vertex in self.vertices)

    @property
    def waits_for_slots(self) -> bool:
        """Whether nothing of it runs, and something wants to."""
        waiting = any(vertex.waiting for vertex in self.vertices)
        return self.state == "RUNNING" and waiting and not self.active_vertices


class JobApi(FlinkConnection):
    """What a job's own client asks a cluster.

    Args:
        patience: with a JobManager that does not answer for a moment. The questions that a job is
            followed by are asked once: they come again anyway.
    """

    def __init__(
        self,
        url: str,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        patience: Patience = IMPATIENT,
    ) -> None:
        super().__init__(url, timeout_seconds)
        self._patience = patience

    def submit(
        self,
        jar: Path,
        entry_class: str,
        arguments: Sequence[str],
        configuration: Mapping[str, str],
        job_id: str,
        restore: Restore | None = None,
    ) -> str:
        """Upload a jar, run its class there, remove the jar; return the job's id.

        Args:
            configuration: options of Flink's own, for this job.
            job_id: 32 hexadecimal digits; who is cut off from the answer can cancel the job still.
            restore: state to begin with.

        Raises:
            JobRefused: the program failed on the JobManager.
            FlinkUnreachable: it does not answer.
        """
        sent = self._patiently("upload of a jar", lambda _: self._upload(jar))
        with as_flinks():
            uploaded = str(sent["filename"]).rpartition("/")[2]
        asked: dict[str, Any] = {
            "entryClass": entry_class,
            "programArgsList": list(arguments),
            "flinkConfiguration": dict(configuration),
            "jobId": job_id,
        }
        if restore is not None:
            asked |= {"savepointPath": restore.path, "allowNonRestoredState": restore.lenient}
        path = f"/v1/jars/{uploaded}/run"
        try:
            answer = self._patiently(
                "submission of a job", lambda calls: self._run_jar(path, asked, job_id, calls)
            )
        finally:
            # The job has what it needs of the jar in its own blobs.
            self._ask_quietly("DELETE", f"/v1/jars/{uploaded}")
        with as_flinks():
            return str(answer["jobid"])

    def _upload(self, jar: Path) -> Mapping[str, Any]:
        with jar.open("rb") as content:
            files = {"jarfile": ("beam.jar", content, "application/x-java-archive")}
            return self._ask("POST", "/v1/jars/upload", files=files, timeout=_SUBMIT_SECONDS)

    def _run_jar(
        self, path: str, asked: Mapping[str, Any], job_id: str, calls: int
    ) -> Mapping[str, Any]:
        """Run it, unless an earlier call has arrived although its answer has not."""
        if calls and self._knows(job_id):
            return {"jobid": job_id}
        try:
            return self._ask("POST", path, json=asked, timeout=_SUBMIT_SECONDS)
        except JobRefused as refused:
            if calls and _TWICE in refused.hint:
                return {"jobid": job_id}
            raise

    def _knows(self, job_id: str) -> bool:
        try:
            self.state(job_id)
        except JobUnknown:
            return False
        return True

    def _patiently(self, what: str, ask: Callable[[int], Mapping[str, Any]]) -> Mapping[str, Any]:
        return patiently(ask, f"Flink, {what}", may_pass, self._patience)

    def state(self, job_id: str) -> str:
        """The job's state now: ``RUNNING``, ``FINISHED``, ...

        Raises:
            JobUnknown: there is no such job.
            FlinkUnreachable: the JobManager does not answer.
        """
        answer = self._ask("GET", f"/v1/jobs/{job_id}/status")
        with as_flinks():
            return str(answer["status"])

    def detail(self, job_id: str) -> JobDetail:
        """The job and its vertices; raises as ``state`` does."""
        return read_detail(self._ask("GET", f"/v1/jobs/{job_id}"))

    def cancel(self, job_id: str) -> bool:
        """Ask for the job's end; return whether there was still one to ask for.

        Raises:
            FlinkUnreachable: the JobManager does not answer.
        """
        try:
            self._ask("PATCH", f"/v1/jobs/{job_id}", params={"mode": "cancel"})
        except (JobUnknown, JobRefused):
            return False  # it has ended, or is gone
        return True

    def ask_to_stop(self, job_id: str, directory: str = "", *, drain: bool = False) -> str:
        """Ask for a savepoint and the job's end after it; return the request's id.

        Args:
            directory: of savepoints, as the JobManager reads it; empty: the cluster's own.
            drain: let event time end first, which fires every window: for a job that is not to
                go on.

        Raises:
            JobRefused: the job has no savepoints, or the cluster no directory for them.
        """
        asked: dict[str, Any] = {"drain": drain}
        if directory:
            asked["targetDirectory"] = directory
        answer = self._ask("POST", f"/v1/jobs/{job_id}/stop", json=asked)
        with as_flinks():
            return str(answer["request-id"])

    def savepoint(self, job_id: str, request_id: str) -> Savepoint:
        """How far a savepoint is that was asked for; raises as ``state`` does."""
        answer = self._ask("GET", f"/v1/jobs/{job_id}/savepoints/{request_id}")
        with as_flinks():
            operation = answer.get("operation") or {}
            return Savepoint(
                done=answer["status"]["id"] == "COMPLETED",
                path=str(operation.get("location") or ""),
                trouble=str((operation.get("failure-cause") or {}).get("stack-trace") or ""),
            )

    def exceptions(self, job_id: str) -> list[str]:
        """Java traces of why the job failed or was restarted, the first one first."""
        path, most = f"/v1/jobs/{job_id}/exceptions", {"maxExceptions": "10"}
        found = self._patiently("a job's exceptions", lambda _: self._ask("GET", path, params=most))
        with as_flinks():
            entries = found.get("exceptionHistory", {}).get("entries", [])
            traces = [str(entry.get("stacktrace", "")) for entry in reversed(entries)]
        root = found.get("root-exception")
        if root and root not in traces:
            traces.append(str(root))
        return [trace for trace in traces if trace]

    def accumulators(self, job_id: str) -> dict[str, str]:
        """The job's accumulators by name, as text; Beam keeps its metrics in one of them."""
        found = self.get(f"/v1/jobs/{job_id}/accumulators")
        with as_flinks():
            return {
                str(item["name"]): str(item["value"])
                for item in found.get("user-task-accumulators", [])
            }

    def get(self, path: str) -> Mapping[str, Any]:
        """The answer to any other question; raises as ``state`` does."""
        return self._patiently(f"GET {path}", lambda _: self._ask("GET", path))

    def running(self, name: str) -> list[str]:
        """Ids of the jobs of this name that have not ended."""
        answer = self._ask("GET", "/v1/jobs/overview")
        with as_flinks():
            return [
                str(job["jid"])
                for job in answer["jobs"]
                if job["name"] == name and job["state"] not in ENDED
            ]

    def _ask(self, method: str, path: str, **options: Any) -> Mapping[str, Any]:
        try:
            answer = self._http.request(method, path, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise FlinkUnreachable(
                f"the Flink cluster at {self._shown} does not answer: {reason}",
                "bin/headrace flink status shows how it is",
                may_pass=isinstance(error, MAY_PASS),
            ) from None
        if knows_no_such_job(answer):
            raise JobUnknown(f"the Flink cluster at {self._shown} knows nothing of {path}")
        if answer.status_code in BUSY or (answer.status_code == 500 and method == "GET"):
            raise FlinkUnreachable(  # it is starting
                f"the JobManager of the Flink cluster at {self._shown} is not ready: it answers "
                f"{answer.status_code}",
                _reason(answer),
                may_pass=True,
            )
        if answer.status_code >= 400:
            raise JobRefused(
                f"the Flink cluster at {self._shown} answers {answer.status_code} to {path}",
                _reason(answer),
            )
        try:
            found = answer.json() if answer.content else {}
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise FlinkUnreachable(f"what answers at {self._shown} is not a Flink JobManager")
        return found

    def _ask_quietly(self, method: str, path: str) -> None:
        try:
            self._ask(method, path)
        except HeadraceError:
            return


def knows_no_such_job(answer: httpx.Response) -> bool:
    """Whether it is a JobManager's answer about a job that it does not know.

    Flink answers 404, but 500 to the question for a job's state.
    """
    unknown = answer.status_code == 500 and _NO_JOB in answer.text
    return answer.status_code == 404 or unknown


def read_detail(answer: Mapping[str, Any]) -> JobDetail:
    """Read the answer to ``/jobs/ID``.

    Raises:
        FlinkUnreachable: it is not Flink's.
    """
    with as_flinks():
        vertices = tuple(
            Vertex(
                name=str(item["name"]),
                state=str(item["status"]),
                parallelism=int(item["parallelism"]),
                read_records=int(item["metrics"]["read-records"]),
                written_records=int(item["metrics"]["write-records"]),
                waiting=int(item["tasks"]["SCHEDULED"]),
            )
            for item in answer["vertices"]
        )
        return JobDetail(str(answer["jid"]), str(answer["name"]), str(answer["state"]), vertices)


def _reason(answer: httpx.Response) -> str:
    """The Java trace, or whatever else the JobManager said."""
    try:
        errors = answer.json()["errors"]
        return "\n".join(str(error) for error in errors)
    except (ValueError, LookupError, TypeError, RecursionError):
        return answer.text[:2000]
