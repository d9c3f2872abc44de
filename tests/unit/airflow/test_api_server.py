"""Airflow's log of users' actions beside a request that writes to the same SQLite."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from airflow.api_fastapi.common.db.common import _get_session
from airflow.api_fastapi.core_api.security import get_user
from airflow.api_fastapi.logging.decorators import action_logging
from airflow.models.log import Log
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from headrace.airflow.api_server import in_a_thread

PATIENCE = 3
"""Seconds until SQLite gives up: a request that succeeds waits for none of them."""


class Server:
    """A server with two routes: one logs an action, the other writes until the loop lets it end."""

    def __init__(self, database: Path, logging: Callable[..., Any]) -> None:
        self.engine = create_engine(f"sqlite:///{database}", connect_args={"timeout": PATIENCE})
        Log.__table__.create(self.engine)
        self.writes, self.app = asyncio.Event(), FastAPI()
        self.app.dependency_overrides[_get_session] = self.session
        self.app.dependency_overrides[get_user] = lambda: SimpleNamespace(get_name=lambda: "u")
        self.app.post("/act/{dag_id}", dependencies=[Depends(logging("acted"))])(lambda: "acted")
        self.app.post("/write")(self.write)

    def session(self) -> Iterator[Session]:
        with Session(self.engine) as session:
            yield session
            session.commit()

    def write(self) -> str:
        done = threading.Event()
        with Session(self.engine) as session:
            session.add(Log(event="wrote"))
            session.flush()
            self.loop.call_soon_threadsafe(self.writes.set)
            # The writer's end is the event loop's to call, as a dependency's is.
            self.loop.call_soon_threadsafe(self.loop.call_later, 0.2, done.set)
            assert done.wait(60)
            session.commit()
        return "wrote"

    async def answers(self) -> list[str]:
        self.loop = asyncio.get_running_loop()
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            writing = asyncio.create_task(client.post("/write"))
            await self.writes.wait()
            acted = await client.post("/act/birds", json={"conf": {"epochs": 3}})
            return [acted.json(), (await writing).json()]

    def logged(self) -> list[tuple[str, str | None]]:
        with closing(self.engine.connect()) as connection:
            return [tuple(row) for row in connection.execute(select(Log.event, Log.dag_id))]


def test_an_action_is_logged_once_another_request_has_written(tmp_path: Path) -> None:
    server = Server(tmp_path / "airflow.db", in_a_thread(action_logging))
    assert asyncio.run(server.answers()) == ["acted", "wrote"]
    assert server.logged() == [("wrote", None), ("acted", "birds")]


def test_airflow_itself_stands_still_until_sqlite_gives_up(tmp_path: Path) -> None:
    """Where this fails, Airflow has mended it, and its own API server will do."""
    server = Server(tmp_path / "airflow.db", action_logging)
    with pytest.raises(OperationalError, match="database is locked"):
        asyncio.run(server.answers())
