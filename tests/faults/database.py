"""The engine over PostgreSQL, whose server and network can be hurt too."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from tests.faults import injuries
from tests.faults.engine import HAZARDS, Engine
from tests.faults.gate import Gate
from tests.faults.plan import Fault, Hazard, Kind, Target
from tests.faults.stage import Trial
from tests.faults.store import Store, read_store, rows_of_csv
from tests.integration.postgres import Server

NAME = "faults"
OF_THE_DATABASE = (
    Hazard(Kind.KILL, Target.DATABASE, 2.0),
    Hazard(Kind.PAUSE, Target.DATABASE, 5.0),
    Hazard(Kind.CUT, Target.CONNECTIONS),
    Hazard(Kind.CUT, Target.NETWORK, 2.0),
    Hazard(Kind.PAUSE, Target.NETWORK, 5.0),
)
_CONNECTED = f"from pg_stat_activity where datname = '{NAME}' and pid <> pg_backend_pid()"
_POLL_SECONDS = 0.005


class Database(Engine):
    """The stage whose store is on a database server behind a network that can be cut.

    A server that is killed is started again after a while, as a service manager would.
    """

    name = "postgresql"

    def __init__(self, place: Path, server: Server, gate: Gate, tfx_python: Path) -> None:
        self._server, self._gate = server, gate
        server.address.query("postgres", f"create database {NAME}")
        super().__init__(place, {}, tfx_python)

    @property
    def hazards(self) -> Sequence[Hazard]:
        processes = [item for item in HAZARDS if item.kind is Kind.KILL]
        return (*processes, *OF_THE_DATABASE)

    @property
    def absent(self) -> Mapping[str, str]:
        return {}

    def metadata_url(self) -> str:
        port, own = self._gate.port, self._server.address.port
        return self._server.address.url(NAME).replace(f":{own}/", f":{port}/")

    def store(self) -> Store:
        query = self._server.address.query
        tables = "select count(*) from information_schema.tables where table_name = 'execution'"
        if query(NAME, tables) == "0":
            return Store()
        return read_store(lambda sql: rows_of_csv(query(NAME, sql, "--csv")))

    def inflict(self, fault: Fault, trial: Trial) -> str:
        if fault.target not in (Target.DATABASE, Target.CONNECTIONS, Target.NETWORK):
            return super().inflict(fault, trial)
        while not self._gate.connections:
            if trial.is_over():
                return ""
            time.sleep(_POLL_SECONDS)
        return self._hurt(fault)

    def _hurt(self, fault: Fault) -> str:
        if fault.target is Target.CONNECTIONS:
            ended = f"select count(pg_terminate_backend(pid)) {_CONNECTED}"
            return f"{self._server.address.query(NAME, ended)} connections"
        if fault.target is Target.NETWORK:
            told = f"{self._gate.connections} connections"
            if fault.kind is Kind.CUT:
                self._gate.cut()
            else:
                self._gate.stall()
            time.sleep(fault.seconds)
            self._gate.mend()
            return told
        processes = list(self._of_the_server())
        if fault.kind is Kind.PAUSE:
            injuries.pause(processes, fault.seconds)
        else:
            injuries.kill(processes)
            self._server.process.wait()
            time.sleep(fault.seconds)
            self._server.start()
        return f"{len(processes)} processes of the server"

    def _of_the_server(self) -> Iterator[psutil.Process]:
        first = psutil.Process(self._server.process.pid)
        yield first
        yield from first.children(recursive=True)
