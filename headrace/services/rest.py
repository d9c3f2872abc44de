"""A small client of Airflow's REST API, version 2."""

from __future__ import annotations

import contextlib
from datetime import date
from typing import Any
from urllib.parse import quote

import httpx

from headrace.errors import HeadraceError, UsageError

_TIMEOUT = httpx.Timeout(120.0, connect=30.0)
"""Seconds. A busy machine's server has taken more than 30 to begin a run."""
_PAGE = 100
"""The longest that the server gives."""


class AirflowUnreachable(HeadraceError):
    """The API server does not answer, or says that it has failed itself; later it may."""


class AirflowFailed(AirflowUnreachable):
    """The API server says that it has failed, so it has not done what it was asked for."""


class AirflowApi:
    """One logged-in session. Close it, or use it as a context manager."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._url = url
        self._login = {"username": user, "password": password}
        # trust_env off: a proxy is not for a server on this machine.
        self._http = httpx.Client(base_url=url, timeout=_TIMEOUT, trust_env=False)

    def __enter__(self) -> AirflowApi:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def health(self) -> dict[str, str]:
        """Status of each component by name, or an empty dict while the server does not answer."""
        try:
            answer = self._http.get("/api/v2/monitor/health", timeout=5.0)
            answer.raise_for_status()
            parts = answer.json()
        except (httpx.HTTPError, ValueError):
            return {}
        return {name: str(part.get("status")) for name, part in parts.items() if part}

    def warm_up(self) -> None:
        """Have the server make ready what it answers tasks with, which takes it seconds once."""
        with contextlib.suppress(httpx.HTTPError):
            self._http.get("/execution/health")

    def dags(self) -> list[dict[str, Any]]:
        """Every DAG that has been parsed."""
        return self._all("/api/v2/dags", "dags")

    def import_errors(self) -> list[dict[str, Any]]:
        """DAG files that could not be parsed, with ``filename`` and ``stack_trace``."""
        return self._all("/api/v2/importErrors", "import_errors")

    def parameters(self, dag_id: str) -> list[str]:
        """The names of the DAG's params; Airflow itself takes any other in silence."""
        return sorted(self._get(f"/api/v2/dags/{quote(dag_id)}/details")["params"] or {})

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> None:
        """Start a DAG run.

        Raises:
            UsageError: Airflow refuses the parameters; its reason is in the message.
        """
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
        answer = self._request("POST", f"/api/v2/dags/{quote(dag_id)}/dagRuns", json=body)
        if answer.status_code in (400, 422):
            raise UsageError(f"Airflow refuses to start a run of {dag_id}: {_reason(answer)}")
        self._check(answer)

    def max_active_runs(self, dag_id: str) -> int:
        """How many runs of the DAG may run at once.

        Raises:
            UsageError: there is no such DAG.
        """
        answer = self._request("GET", f"/api/v2/dags/{quote(dag_id)}/details")
        if answer.status_code == 404:
            raise UsageError(f"Airflow has no DAG {dag_id}")
        return int(self._check(answer)["max_active_runs"])

    def backfill(self, dag_id: str, first: date, last: date, reprocess: str, at_once: int) -> int:
        """Start a backfill of whole days, and return its id.

        Raises:
            UsageError: Airflow refuses it, as while another one of the DAG is under way.
        """
        body = {
            "dag_id": dag_id,
            "from_date": f"{first.isoformat()}T00:00:00Z",
            "to_date": f"{last.isoformat()}T00:00:00Z",
            "reprocess_behavior": reprocess,
            "max_active_runs": at_once,
        }
        answer = self._request("POST", "/api/v2/backfills", json=body)
        if answer.status_code in (400, 404, 409, 422):
            raise UsageError(f"Airflow refuses a backfill of {dag_id}: {_reason(answer)}")
        return int(self._check(answer)["id"])

    def open_backfills(self, dag_id: str) -> set[int]:
        """The ids of the DAG's backfills that are under way; meanwhile Airflow begins no other."""
        found = self._all("/api/v2/backfills", "backfills", dag_id=dag_id)
        return {int(item["id"]) for item in found if item["completed_at"] is None}

    def cancel_backfill(self, number: int) -> None:
        """Close a backfill, if it is still open; its runs that have not started fail."""
        answer = self._request("PUT", f"/api/v2/backfills/{number}/cancel")
        if answer.status_code not in (404, 409):
            self._check(answer)

    def unpause(self, dag_id: str) -> None:
        """Let the DAG's runs be scheduled."""
        path = f"/api/v2/dags/{quote(dag_id)}"
        self._check(self._request("PATCH", path, json={"is_paused": False}))

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """The DAG run: ``state``, ``queued_at``, ``start_date``, ``end_date``."""
        return self._get(f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}")

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Every run of the DAG, as ``run`` gives it."""
        return self._all(f"/api/v2/dags/{quote(dag_id)}/dagRuns", "dag_runs")

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The run's task instances."""
        path = f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}/taskInstances"
        return self._all(path, "task_instances")

    def result(self, dag_id: str, run_id: str, task_id: str) -> dict[str, Any] | None:
        """A task's return value, or None if it has none."""
        path = self._task_path(dag_id, run_id, task_id) + "/xcomEntries/return_value"
        answer = self._request("GET", path, params={"stringify": False, "deserialize": False})
        if answer.status_code == 404:
            return None
        value = self._check(answer)["value"]
        return value if isinstance(value, dict) else None

    def asset(self, name: str) -> int | None:
        """The id of the asset of exactly this name, or None."""
        found = self._all("/api/v2/assets", "assets", name_pattern=name)
        return next((int(item["id"]) for item in found if item["name"] == name), None)

    def send_event(self, asset: int, extra: dict[str, Any], partition: str | None = None) -> None:
        """Say that an asset was updated, which starts what is scheduled on it."""
        body: dict[str, Any] = {"asset_id": asset, "extra": extra}
        if partition is not None:
            body["partition_key"] = partition
        self._check(self._request("POST", "/api/v2/assets/events", json=body))

    def set_state(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Mark a task as ``failed``, ``success`` or ``skipped``, as a person does in the UI."""
        path = self._task_path(dag_id, run_id, task_id)
        self._check(self._request("PATCH", path, json={"new_state": state}))

    def extra_links(self, dag_id: str, run_id: str, task_id: str) -> dict[str, str | None]:
        """Addresses that a task's buttons lead to, by their names."""
        answer = self._get(self._task_path(dag_id, run_id, task_id) + "/links")
        return dict(answer["extra_links"])

    def log(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> list[str]:
        """The lines of a task's log."""
        path = self._task_path(dag_id, run_id, task_id) + f"/logs/{try_number}"
        content = self._get(path, full_content=True).get("content", [])
        return [_log_line(entry) for entry in content]

    def _task_path(self, dag_id: str, run_id: str, task_id: str) -> str:
        return (
            f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}/taskInstances/{quote(task_id)}"
        )

    def _all(self, path: str, key: str, **params: Any) -> list[dict[str, Any]]:
        """A whole collection, which the server gives in pages."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._get(path, limit=_PAGE, offset=len(found), **params)
            found += page[key]
            if not page[key] or len(found) >= (page.get("total_entries") or 0):
                return found

    def _get(self, path: str, **params: Any) -> dict[str, Any]:
        return self._check(self._request("GET", path, params=params))

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            if "Authorization" not in self._http.headers:
                self._authorize()
            answer = self._http.request(method, path, **arguments)
            if answer.status_code == 401:
                self._authorize()
                answer = self._http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise AirflowUnreachable(
                f"Airflow's API server at {self._url} does not answer: {reason}"
            ) from None
        return answer

    def _authorize(self) -> None:
        answer = self._http.post("/auth/token", json=self._login)
        if answer.status_code not in (200, 201):
            raise HeadraceError(f"Airflow refuses the login of {self._login['username']}")
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def _check(self, answer: httpx.Response) -> dict[str, Any]:
        if answer.is_error:
            request = answer.request
            kind = AirflowFailed if answer.is_server_error else HeadraceError
            raise kind(
                f"Airflow answers {answer.status_code} to {request.method} {request.url.path}: "
                f"{_reason(answer)}"
            )
        found = answer.json()
        return found if isinstance(found, dict) else {}


def _reason(answer: httpx.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return answer.text[:500]
    return detail if isinstance(detail, str) else str(detail)


def _log_line(entry: Any) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    level = str(entry.get("level", "")).upper()
    text = f"{level:8} {entry.get('event', '')}" if level else str(entry.get("event", ""))
    for error in entry.get("error_detail") or []:
        text += f"\n         {error.get('exc_type')}: {error.get('exc_value')}"
    return text
