"""The configuration that docs/flink.md asks of a cluster that runs already is our own cluster's."""

from pathlib import Path

from headrace.flink.config import Places, profile
from headrace.flink.sizes import Machine, plan_sizes
from headrace.settings.flink import FlinkSettings
from tests.documents import PROJECT, examples

THE_READERS_OWN = {
    "taskmanager.numberOfTaskSlots",
    "taskmanager.memory.process.size",
    "state.checkpoints.dir",
    "state.savepoints.dir",
}


def test_the_documented_configuration_is_the_profiles() -> None:
    [example] = [
        item
        for item in examples("yaml")
        if item.document == PROJECT / "docs/flink.md" and "restart-strategy" in item.text
    ]
    lines = [line.partition("#")[0].partition(": ") for line in example.text.splitlines()]
    documented = {key: value.strip() for key, _, value in lines}
    slots = int(documented["taskmanager.numberOfTaskSlots"])
    sizes = plan_sizes(Machine(24 << 30, slots), FlinkSettings(slots=slots))
    ours = profile(sizes, Places(1, 2, Path("/start"), Path("/checkpoints"), Path("/savepoints")))
    assert set(documented) <= set(ours)
    for key in set(documented) - THE_READERS_OWN:
        assert documented[key] == ours[key], key
