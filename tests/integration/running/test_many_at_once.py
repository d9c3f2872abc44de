"""Runs of one pipeline at once, on one store; ``bin/headrace bench concurrency`` has more of them.

Which of them comes first differs each time; what must be in the store does not.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.census import Ask, ask_postgres, ask_sqlite, faults, take
from headrace.ir.manifest import Manifest
from headrace.ir.store import current_ir
from headrace.launcher.client import run_node
from headrace.launcher.jobs import NodeRequest
from headrace.settings import Settings
from tests.integration import postgres

pytestmark = pytest.mark.integration

RUNS = 8
NODES = ("Word", "Newest", "Make", "Use")


@dataclass(frozen=True)
class Store:
    url: str
    ask: Ask


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty one."""
    if request.param == "sqlite":
        yield Store(f"sqlite:///{tmp_path}/many.sqlite", ask_sqlite(tmp_path / "many.sqlite"))
        return
    with postgres.server() as server:
        server.query("postgres", "create database many")
        yield Store(server.url("many"), ask_postgres(server, "many"))


@pytest.fixture(scope="module")
def racing(settings: Settings) -> Manifest:
    return current_ir("tests/data/pipelines/racing.py:create_pipeline", settings)


def run(settings: Settings, racing: Manifest, url: str, run_id: str) -> list[str]:
    """All nodes, one after another; their states."""
    requests = [
        NodeRequest(racing.ir_path, node, run_id, metadata_url=url, import_path=racing.import_path)
        for node in NODES
    ]
    return [run_node(settings, request).state for request in requests]


def at_once(
    settings: Settings, racing: Manifest, store: Store, run_ids: Sequence[str]
) -> list[list[str]]:
    with ThreadPoolExecutor(len(run_ids)) as pool:
        return list(pool.map(lambda name: run(settings, racing, store.url, name), run_ids))


def test_runs_at_once_leave_what_as_many_one_by_one_leave(
    settings: Settings, racing: Manifest, store: Store, tmp_path: Path
) -> None:
    run(settings, racing, f"sqlite:///{tmp_path}/alone.sqlite", "alone")
    alone = take(ask_sqlite(tmp_path / "alone.sqlite"))
    first = [f"first{number}" for number in range(RUNS)]
    at_once(settings, racing, store, first)
    assert faults(take(store.ask), alone, first) == []
    again = [f"again{number}" for number in range(RUNS)]
    states = at_once(settings, racing, store, again)
    now = take(store.ask)
    assert faults(now, alone, [*first, *again]) == []
    # Whoever was first has made it, and nobody makes it again.
    assert [state[2:] for state in states] == [["CACHED", "CACHED"]] * RUNS
