"""What the metadata store costs a node: its calls, a database server far away, and a long history.

The pipeline has an Importer, a Resolver, a SchemaGen and a node that does nothing; a figure is of
one node, the mean over the four. The peer is TFX's LocalDagRunner with the same pipeline and the
same stores, TFX imported already. The server is 20 ms away: a proxy holds back what a client sends,
so that each round trip is longer by that.

With a long history the mean is over all but the Resolver, whose job it is to read that; it has a
figure of its own, in a store of a tenth. The peer too has a tenth, since it reads all of the
pipeline's history for each node, in pages that each read all ids.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import launch
from benchmarks.context import Context
from benchmarks.delaying_proxy import delaying_proxy
from benchmarks.filled_store import fill
from benchmarks.measure import interleaved, run_process
from benchmarks.nodes import Nodes, nodes_of
from benchmarks.results import Row, compared
from tests.integration import postgres

OURS, PEER = "headrace", "TFX LocalDagRunner"
NODES = ("Importer", "Resolver", "SchemaGen", "Wait")
NO_READERS = ("Importer", "SchemaGen", "Wait")
DELAY_SECONDS = 0.02
_HISTORY = 100_000
_TENTH = _HISTORY // 10
_COUNTED = re.compile(r"The metadata store was called (\d+) times.*: (\{.*\})$")
_numbers = itertools.count()


def run(context: Context) -> list[Row]:
    """Measure in turn: on SQLite, on a server, and with a long history."""
    files = launch.make_statistics(context)
    with nodes_of(context, launch.TARGET, context.scratch / "home") as nodes:
        bench = Bench(context, nodes, files)
        return [*bench.calls(), *bench.server(), *bench.history()]


class Bench:
    def __init__(self, context: Context, nodes: Nodes, files: Path) -> None:
        self._context, self._nodes, self._files = context, nodes, files

    def calls(self) -> list[Row]:
        """How often the store is called, in the second run of a pipeline."""
        found = interleaved({OURS: self._our_calls, PEER: self._peer_calls}, 1, uncounted=1)
        rows = []
        for index, figure in enumerate(("store opened, a node", "calls of the store, a node")):
            values = {
                subject: [counts[index] for counts in all_] for subject, all_ in found.items()
            }
            rows += compared("metadata", figure, values)
        return rows

    def server(self) -> list[Row]:
        """A node's time on a server 20 ms away, and how much longer that is than on SQLite."""
        if postgres.find_binaries() is None:
            raise RuntimeError("PostgreSQL's server is not installed: apt-get install postgresql")
        with (
            postgres.server() as server,
            delaying_proxy(server.port, DELAY_SECONDS) as port,
        ):
            for name in ("ours", "theirs"):
                server.query("postgres", f"create database {name}")
            url = server.url("ours").replace(str(server.port), str(port))
            login = f"127.0.0.1,{port},tester,{postgres.PASSWORD},theirs"
            subjects: dict[str, Callable[[], float]] = {
                f"{OURS}, SQLite": self.our_seconds,
                f"{OURS}, PostgreSQL 20 ms away": lambda: self.our_seconds(url),
                f"{PEER}, SQLite": lambda: self._peer(self._sqlite())["seconds"],
                f"{PEER}, PostgreSQL 20 ms away": lambda: self._peer(login)["seconds"],
            }
            found = interleaved(subjects, self._context.repeats, uncounted=1)
        names = list(found)
        more = {
            subject: [far - near for far, near in zip(found[one], found[other], strict=True)]
            for subject, one, other in ((OURS, names[1], names[0]), (PEER, names[3], names[2]))
        }
        return [
            *compared("metadata", "PostgreSQL 20 ms away, a node (s)",
                      {OURS: found[names[1]], PEER: found[names[3]]}),
            *compared("metadata", "PostgreSQL 20 ms away, over SQLite, a node (s)", more),
        ]  # fmt: skip

    def history(self) -> list[Row]:
        """A node's time in a store with a long history, and in a new one."""
        sizes = {0: "new", _HISTORY: "old", _TENTH: "tenth"}
        with self.filled(sizes) as stores:
            urls = {name: _url(path) for name, path in stores.items()}
            subjects: dict[str, Callable[[], float]] = {
                f"{OURS}, {_HISTORY:,} executions": lambda: self.our_seconds(
                    urls["old"], NO_READERS
                ),
                f"{OURS}, a new store": lambda: self.our_seconds(urls["new"], NO_READERS),
            }
            found = interleaved(subjects, self._context.repeats * 3, uncounted=1)
            found |= {
                f"{PEER}, {_TENTH:,} executions": [self._peer(str(stores["tenth"]))["seconds"]],
                f"{PEER}, a new store": [self._peer(self._sqlite())["seconds"]],
            }
            resolvers = {
                f"{OURS}, {_TENTH:,} executions": [self.our_seconds(urls["tenth"], ("Resolver",))],
                f"{OURS}, a new store": [self.our_seconds(urls["new"], ("Resolver",))],
            }
        return [
            *compared("metadata", "with a history, a node (s)", found),
            *compared("metadata", "with a history, a Resolver (s)", resolvers),
        ]

    @contextlib.contextmanager
    def filled(self, sizes: dict[int, str]) -> Iterator[dict[str, Path]]:
        """Stores with so many executions of the pipeline, by name."""
        folder = self._context.scratch / "stores"
        folder.mkdir()
        template = folder / "template.sqlite"
        self.our_seconds(_url(template))
        stores = {}
        for executions, name in sizes.items():
            stores[name] = folder / f"{name}.sqlite"
            shutil.copy(template, stores[name])
            fill(stores[name], executions)
        try:
            yield stores
        finally:
            shutil.rmtree(folder)

    def our_seconds(self, url: str = "", names: Sequence[str] = NODES) -> float:
        """Seconds of a node, the mean over these in a new run."""
        run_id = f"run{time.time_ns()}"
        return statistics.mean(
            self._nodes.run(node, run_id, self._parameters(node), url=url).whole for node in names
        )

    def _our_calls(self) -> tuple[float, float]:
        run_id = f"run{time.time_ns()}"
        opened, calls = [], []
        with _debugging():
            for node in NODES:
                timing = self._nodes.run(node, run_id, self._parameters(node))
                [counted] = filter(None, map(_COUNTED.search, timing.logged))
                opened.append(json.loads(counted[2])["open"])
                calls.append(int(counted[1]) - opened[-1])
        return statistics.mean(opened), statistics.mean(calls)

    def _peer_calls(self) -> tuple[float, float]:
        store = self._context.scratch / "counted.sqlite"
        cost = self._peer(str(store))
        return cost["open"], cost["calls"]

    def _peer(self, store: str) -> dict[str, float]:
        place = self._context.scratch / f"peer{next(_numbers)}"
        script = self._context.settings.project / "benchmarks" / "peers" / "counted_calls.py"
        run_process(
            [
                str(self._context.settings.tfx_python),
                str(script),
                store,
                str(self._files),
                str(place),
            ],
            cwd=self._context.settings.project,
            environ=self._context.environ(),
            log=self._context.log,
        )
        cost: dict[str, float] = json.loads((place / "cost.json").read_text())
        shutil.rmtree(place)
        return cost

    def _sqlite(self) -> str:
        return str(self._context.scratch / "theirs.sqlite")

    def _parameters(self, node: str) -> dict[str, str]:
        return {"statistics": str(self._files)} if node == "Importer" else {}


@contextlib.contextmanager
def _debugging() -> Iterator[None]:
    """Nodes say at their end how often they called the store."""
    os.environ["HEADRACE_LOG_LEVEL"] = "DEBUG"
    try:
        yield
    finally:
        del os.environ["HEADRACE_LOG_LEVEL"]


def _url(database: Path) -> str:
    return f"sqlite:///{database}"
