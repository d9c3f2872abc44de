"""``python -m headrace.airflow.api_server``: Airflow's API server, beside other writers of SQLite.

SQLite has one writer at a time. Airflow commits a user's action to its log on the server's event
loop, which stands still while another writes. That other may be a request of the same server, of a
task that has started, say, whose commit is the event loop's to call: each waits for the other until
SQLite gives up, nobody is answered meanwhile, and one of the two fails with "database is locked".
Here a thread commits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import wraps
from typing import Any

from starlette.concurrency import run_in_threadpool

ActionLogging = Callable[..., Callable[..., Any]]
"""Makes FastAPI dependencies, each of which logs an action of a user."""


def in_a_thread(action_logging: ActionLogging) -> ActionLogging:
    """The same, for dependencies that leave the event loop free while the database is busy."""

    @wraps(action_logging)
    def made(event: str | None = None) -> Callable[..., Any]:
        log_action = action_logging(event)

        @wraps(log_action)
        async def logged(request: Any, session: Any, user: Any) -> None:
            if "application/json" in request.headers.get("content-type", ""):
                await request.body()  # kept in the request, so that the thread has none to wait for
            await run_in_threadpool(
                lambda: asyncio.run(log_action(request=request, session=session, user=user))
            )

        return logged

    return made


def main() -> None:
    """Entry point; arguments are Airflow's own."""
    from airflow.configuration import conf

    if conf.get("database", "sql_alchemy_conn").startswith("sqlite"):
        # Before Airflow's routes, which take it from there.
        from airflow.api_fastapi.logging import decorators

        decorators.action_logging = in_a_thread(decorators.action_logging)
    from airflow.__main__ import main as airflow

    airflow()


if __name__ == "__main__":
    main()
