from dataclasses import replace
from pathlib import Path

import pytest

from headrace.flink.foreground import Process, options_of
from headrace.flink.jvm import Role
from headrace.settings import Settings
from headrace.settings.flink import FlinkSettings

GIB = 1 << 30
STATE = Path("/shared/flink")
ASKED = Process(Role.TASK_MANAGER, "flink.internal", "0.0.0.0", 4 * GIB, STATE)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, tmp_path / "home", tmp_path / "python", flink=FlinkSettings(slots=3))


def test_others_reach_it_by_its_name_and_it_says_itself_where_it_is(settings: Settings) -> None:
    found = options_of(settings, ASKED, settings.home)
    assert found["jobmanager.rpc.address"] == found["rest.address"] == "flink.internal"
    for key in ("jobmanager.bind-host", "taskmanager.bind-host", "rest.bind-address"):
        assert found[key] == "0.0.0.0"
    assert "taskmanager.host" not in found
    assert found["state.checkpoints.dir"] == "file:///shared/flink/checkpoints"


def test_memory_and_slots_are_the_process_s_own(settings: Settings) -> None:
    found = options_of(settings, ASKED, settings.home)
    assert found["taskmanager.numberOfTaskSlots"] == "3"
    assert found["taskmanager.memory.process.size"] == "4096m"
    assert found["taskmanager.memory.network.max"] == "896m"
    assert found["taskmanager.memory.task.off-heap.size"] == "512m"


def test_its_options_win_over_the_settings_which_win_over_the_profile(settings: Settings) -> None:
    flink = replace(settings.flink, options=(("rest.port", "1"), ("a", "1")))
    asked = replace(ASKED, options=(("a", "2"),))
    found = options_of(replace(settings, flink=flink), asked, settings.home)
    assert (found["rest.port"], found["a"]) == ("1", "2")
