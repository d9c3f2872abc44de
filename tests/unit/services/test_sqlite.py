"""Two writers of one SQLite database, as Airflow's API server and its scheduler are."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from headrace.services.sqlite import BUSY_SECONDS, CONNECT_ARGS

NUMBERS = (
    "with recursive t(n) as (select 1 union all select n + 1 from t where n < 7) select n from t"
)
PLAIN = {"timeout": BUSY_SECONDS}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    place = tmp_path / "airflow.db"
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute("pragma journal_mode=wal")
        connection.execute("create table t (who text)")
    return place


@contextmanager
def another_writes(database: Path) -> Iterator[threading.Event]:
    """Another transaction that has written; it ends a moment after the event is set."""
    begun, leave = threading.Event(), threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("insert into t values ('another')")
            begun.set()
            leave.wait()
            threading.Event().wait(0.3)

    thread = threading.Thread(target=write)
    thread.start()
    begun.wait()
    try:
        yield leave
    finally:
        leave.set()
        thread.join()


def write_in_savepoint(database: Path, connect_args: dict[str, Any]) -> list[str]:
    """Read and write as Airflow makes the runs of a backfill, while another writes."""
    engine = create_engine(f"sqlite:///{database}", connect_args=connect_args)
    with another_writes(database) as leave, Session(engine) as session:
        session.execute(text("select 1 from t")).all()
        leave.set()
        with session.begin_nested():
            session.execute(text("select 1 from t")).all()
            session.execute(text("insert into t values ('we')"))
        session.commit()
    with Session(engine) as session:
        return sorted(session.scalars(text("select who from t")))


def test_a_savepoint_waits_for_another_writer(database: Path) -> None:
    assert write_in_savepoint(database, CONNECT_ARGS) == ["another", "we"]


def test_sqlite_itself_does_not(database: Path) -> None:
    with pytest.raises(OperationalError, match="database is locked"):
        write_in_savepoint(database, PLAIN)


def write_beside_unread_rows(database: Path, connect_args: dict[str, Any]) -> list[str]:
    """Leave rows unread and write after another has, as Airflow does for each day of a backfill."""
    engine = create_engine(f"sqlite:///{database}", connect_args=connect_args)
    with Session(engine) as session:
        session.execute(text("insert into t values ('first')"))
        session.execute(text("insert into t values ('second')"))
        session.commit()
        unread = session.execute(text("select who from t"))
        session.commit()
        with closing(sqlite3.connect(database)) as another, another:
            another.execute("insert into t values ('another')")
        session.execute(text("insert into t values ('we')"))
        session.commit()
        unread.close()
        return sorted(session.scalars(text("select who from t")))


def test_rows_that_nobody_reads_keep_nobody_from_writing(database: Path) -> None:
    assert write_beside_unread_rows(database, CONNECT_ARGS) == ["another", "first", "second", "we"]


def test_with_sqlite_itself_they_do(database: Path) -> None:
    with pytest.raises(OperationalError, match="database is locked"):
        write_beside_unread_rows(database, PLAIN)


def test_rows_are_fetched_as_from_any_cursor(database: Path) -> None:
    with closing(sqlite3.connect(database, **CONNECT_ARGS)) as connection:
        cursor = connection.cursor()
        cursor.execute(NUMBERS)
        assert cursor.description[0][0] == "n"
        assert cursor.fetchone() == (1,)
        assert cursor.fetchmany() == [(2,)]
        assert cursor.fetchmany(2) == [(3,), (4,)]
        assert next(cursor) == (5,)
        assert list(cursor) == [(6,), (7,)]
        assert (cursor.fetchone(), cursor.fetchmany(3), cursor.fetchall()) == (None, [], [])
        assert cursor.execute(NUMBERS).fetchall() == [(number,) for number in range(1, 8)]
        cursor.execute("insert into t values ('a') returning who")
        assert cursor.fetchall() == [("a",)]
        cursor.execute("update t set who = 'b'")
        assert (cursor.rowcount, cursor.fetchone()) == (1, None)


def test_what_is_undone_to_a_savepoint_is_not_written(database: Path) -> None:
    engine = create_engine(f"sqlite:///{database}", connect_args=CONNECT_ARGS)
    with Session(engine) as session:
        with session.begin_nested() as nested:
            session.execute(text("insert into t values ('undone')"))
            nested.rollback()
        session.execute(text("insert into t values ('kept')"))
        session.commit()
        assert list(session.scalars(text("select who from t"))) == ["kept"]
