from pathlib import Path

import pytest

from headrace.flink.config import Places, merged, profile, render
from headrace.flink.sizes import Sizes

GIB = 1 << 30
SIZES = Sizes(
    1, 2, job_manager=GIB, task_manager=4 * GIB, network=768 << 20, off_heap=GIB, harness=GIB
)


@pytest.fixture
def options(tmp_path: Path) -> dict[str, str]:
    places = Places(8081, 6123, tmp_path / "start", tmp_path / "a b", tmp_path / "savepoints")
    return profile(SIZES, places)


def test_every_address_is_the_loopback_interfaces(options: dict[str, str]) -> None:
    words = ("address", "host")
    addresses = {
        key: value
        for key, value in options.items()
        if key.rpartition(".")[2] in words or key.endswith(("-address", "-host"))
    }
    assert len(addresses) == 6
    assert set(addresses.values()) == {"127.0.0.1"}
    assert options["rest.port"] == options["rest.bind-port"] == "8081"


def test_sizes_are_flinks_own_options(options: dict[str, str]) -> None:
    assert options["jobmanager.memory.process.size"] == "1024m"
    assert options["taskmanager.memory.process.size"] == "4096m"
    assert options["taskmanager.memory.network.max"] == "768m"
    assert options["taskmanager.numberOfTaskSlots"] == "2"


def test_the_users_options_win_and_the_later_the_more(options: dict[str, str]) -> None:
    given = [("parallelism.default", "2"), ("my.own", "x"), ("parallelism.default", "3")]
    found = merged(options, given)
    assert found["parallelism.default"] == "3"
    assert found["my.own"] == "x"
    assert found["rest.port"] == "8081"


def test_a_size_of_the_users_replaces_ours_of_the_same_memory(options: dict[str, str]) -> None:
    found = merged(options, [("taskmanager.memory.flink.size", "2g")])
    assert "taskmanager.memory.process.size" not in found
    assert found["jobmanager.memory.process.size"] == "1024m"
    by_fraction = merged(options, [("taskmanager.memory.network.fraction", "0.2")])
    assert not [key for key in by_fraction if key.startswith("taskmanager.memory.network.m")]


def test_a_value_with_quotes_and_colons_stays_one_line_of_yaml() -> None:
    text = render({"b": 'say "a: b" # no comment', "a": "1"})
    assert text == 'a: "1"\nb: "say \\"a: b\\" # no comment"\n'


def test_directories_with_blanks_are_urls(options: dict[str, str]) -> None:
    assert options["state.checkpoints.dir"].startswith("file:///")
    assert options["state.checkpoints.dir"].endswith("/a%20b")
