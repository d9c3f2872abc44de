"""The penguins pipeline itself, from the CSV to a pushed model, by ``bin/headrace run``."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from tests.faults.contents import digest
from tests.faults.engine import PROJECT, Engine
from tests.faults.injuries import Disk
from tests.faults.scene import Scene

FILE = "penguins.csv"
_STAGE = "import sys; from pathlib import Path; from pipelines.penguins import data; "
_STAGE += "data.stage(Path(sys.argv[1]))"


class Penguins(Engine):
    """The stage whose runs train a model on real data, judge it by the one before, and push it."""

    name = "penguins"
    target = "tests/data/pipelines/faulted_penguins.py:create_pipeline"

    def __init__(self, place: Path, small: Mapping[str, Disk], tfx_python: Path) -> None:
        super().__init__(place, small, tfx_python)
        self._birds = place / "birds" / FILE
        # The birds are in a package that only the TFX environment has.
        subprocess.run(
            [str(tfx_python), "-c", _STAGE, str(self._birds.parent)], cwd=PROJECT, check=True
        )

    def data_of(self, run: str) -> Path:
        data = self.place / "data" / run
        data.mkdir()
        shutil.copy(self._birds, data)
        return data

    def look(self) -> Scene:
        scene = super().look()
        models = [Path(it.uri) / "Format-Serving" for it in scene.store.artifacts.values()]
        torn = half_pushed(self.home / "serving" / "penguins", models)
        return replace(scene, leftovers=(*scene.leftovers, *torn))


def half_pushed(serving: Path, models: list[Path]) -> Iterator[Path]:
    """Versions that a server sees and that are no whole copy of any of the models."""
    whole = {digest(model) for model in models if model.is_dir()}
    for version in sorted(serving.glob("[0-9]*")):
        if digest(version) not in whole:
            yield version
