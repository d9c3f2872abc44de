"""Beginning a backfill: a server stands for an Airflow whose SQLite is locked at times."""

from datetime import date

import pytest

from headrace.errors import UsageError
from headrace.services.backfill import begin
from headrace.services.rest import AirflowApi
from tests.http_server import JsonHandler, Serving


class Airflow(Serving):
    """Enters a backfill before it finds the database locked, as Airflow does.

    Attributes:
        locked: how many times it is; each time what was entered is left.
        open: ids of backfills that are under way.
        cancelled: those that were closed.
    """

    def __init__(self, locked: int, *, others: set[int]) -> None:
        super().__init__(_Handler)
        self.server.airflow = self  # type: ignore[attr-defined]
        self.locked, self.open, self.cancelled = locked, set(others), list[int]()

    def create(self) -> tuple[int, object]:
        if self.open:
            return 409, {"detail": "There is already a running backfill for dag daily"}
        number = 1 + len(self.cancelled)
        self.open.add(number)
        if self.locked:
            self.locked -= 1
            return 503, {"detail": "Database is locked."}
        return 200, {"id": number}


class _Handler(JsonHandler):
    @property
    def airflow(self) -> Airflow:
        return self.server.airflow  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        found = [{"id": number, "completed_at": None} for number in self.airflow.open]
        closed = [{"id": number, "completed_at": "2026"} for number in self.airflow.cancelled]
        self.answer(200, {"backfills": found + closed, "total_entries": len(found + closed)})

    def do_PUT(self) -> None:
        number = int(self.path.split("/")[-2])
        self.airflow.open.remove(number)
        self.airflow.cancelled.append(number)
        self.answer(200, {})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/auth/token":
            self.answer(201, {"access_token": "x"})
        else:
            self.answer(*self.airflow.create())


def backfill(airflow: Airflow) -> int:
    day = date(2013, 1, 1)
    with AirflowApi(airflow.url, "me", "secret") as client:
        return begin(client, "daily", lambda: client.backfill("daily", day, day, "none", 1))


def test_what_a_locked_database_has_left_of_a_backfill_is_closed_before_the_next_try() -> None:
    with Airflow(2, others=set()) as airflow:
        assert backfill(airflow) == 3
    assert airflow.cancelled == [1, 2]
    assert airflow.open == {3}


def test_a_backfill_of_somebody_else_is_left_alone_and_ours_refused() -> None:
    with (
        Airflow(0, others={7}) as airflow,
        pytest.raises(UsageError, match="already a running backfill"),
    ):
        backfill(airflow)
    assert (airflow.open, airflow.cancelled) == ({7}, [])
