import os
from pathlib import Path

import pytest

from headrace.launcher.room import Room, available_memory

_GB = 1_000_000_000
_NOW, _LONG_AGO = 1000.0, 0.0


def room(nodes: int = 8, available: float = 100) -> Room:
    return Room(nodes, available=lambda: int(available * _GB), now=lambda: _NOW)


def test_so_many_nodes_run_at_once_and_no_more() -> None:
    assert room(nodes=2).for_another([_LONG_AGO])
    assert not room(nodes=2).for_another([_LONG_AGO, _LONG_AGO])


def test_by_default_there_are_four_for_each_core() -> None:
    most = 4 * len(os.sched_getaffinity(0))
    assert room(nodes=0).for_another([_LONG_AGO] * (most - 1))
    assert not room(nodes=0).for_another([_LONG_AGO] * most)


def test_a_node_begins_where_there_is_memory_for_it() -> None:
    assert room(available=1.1).for_another([_LONG_AGO])
    assert not room(available=0.9).for_another([_LONG_AGO])


def test_nodes_that_have_just_begun_are_taken_to_need_more_than_they_have() -> None:
    assert not room(available=2.9).for_another([_NOW - 1, _NOW - 2])
    assert room(available=3.1).for_another([_NOW - 1, _NOW - 2])
    assert room(available=2.9).for_another([_NOW - 1, _LONG_AGO])


def test_one_node_always_runs() -> None:
    assert room(nodes=1, available=0).for_another([])


@pytest.mark.parametrize(
    ("current", "cached", "left"), [(900, 0, 100), (900, 300, 400), (1200, 0, -200)]
)
def test_a_containers_limit_counts(tmp_path: Path, current: int, cached: int, left: int) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text(f"{current}\n")
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {cached}\n")
    assert available_memory(tmp_path) == left


def test_without_a_containers_limit_the_machines_memory_counts(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory(tmp_path) > 0
    assert available_memory(tmp_path / "nothing") > 0
