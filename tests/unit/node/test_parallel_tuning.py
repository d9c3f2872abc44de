"""KerasTuner's searches in several processes."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras_tuner
import pytest
from tfx import v1 as tfx

from headrace.errors import HeadraceError
from headrace.launcher.failures import CarriedError
from headrace.node.parallel_tuning import search


class Parabola(keras_tuner.RandomSearch):
    """Tries numbers without any network; notes the process of each."""

    def __init__(self, directory: Path, score: Callable[[int], float]) -> None:
        self._place, self._score = directory, score
        super().__init__(
            objective=keras_tuner.Objective("loss", "min"),
            max_trials=6,
            seed=1,
            directory=str(directory),
            project_name="parabola",
        )

    def _populate_initial_space(self) -> None:
        self.oracle.hyperparameters.Int("x", 0, 100)
        self.oracle.update_space(self.oracle.hyperparameters)

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> dict[str, float]:
        x = trial.hyperparameters.get("x")
        (self._place / f"{os.getpid()}-{x}").touch()
        return {"loss": self._score(x)}


def result(directory: Path, score: Callable[[int], float]) -> Callable[[], Any]:
    def make() -> Any:
        return tfx.components.TunerFnResult(tuner=Parabola(directory, score), fit_kwargs={})

    return make


def test_trials_run_in_processes_of_their_own_and_the_best_of_all_is_known(tmp_path: Path) -> None:
    tuner = search(result(tmp_path, lambda x: (x - 40) ** 2), 2, 1)
    tried = [file.name.split("-") for file in tmp_path.glob("*-*")]
    numbers = sorted(int(number) for _, number in tried)
    assert len(numbers) == 6
    assert str(os.getpid()) not in {pid for pid, _ in tried}
    best = tuner.get_best_hyperparameters()[0].get("x")
    assert best == min(numbers, key=lambda number: (number - 40) ** 2)


def test_no_trial_begins_before_every_process_has_its_tuner(tmp_path: Path) -> None:
    """Which reads what there is of the search: here one process's comes late."""
    made = multiprocessing.get_context("fork").Value("i", 0)
    make = result(tmp_path, float)

    def one_late() -> Any:
        with made.get_lock():
            late = made.value == 0
            made.value += 1
        if late:
            time.sleep(1)
        tuner = make()
        assert not list(tmp_path.glob("parabola/*.json"))
        return tuner

    assert len(search(one_late, 2, 1).oracle.trials) == 6


def fail(x: int) -> float:
    raise keras_tuner.errors.FatalError(f"no score of {x}")


def end(x: int) -> float:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_what_a_trial_raises_is_told(tmp_path: Path) -> None:
    with pytest.raises(CarriedError, match="FatalError: no score of") as caught:
        search(result(tmp_path, fail), 2, 1)
    assert "test_parallel_tuning.py" in caught.value.traceback


def test_a_process_that_dies_is_told(tmp_path: Path) -> None:
    with pytest.raises(HeadraceError, match="a process that ran trials has ended by itself"):
        search(result(tmp_path, end), 2, 1)
