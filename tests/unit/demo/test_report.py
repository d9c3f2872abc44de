"""The report's own logic; the demo's end-to-end test reads real metrics and models."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.demo.report import _outputs, _plain, _various


def test_of_equal_keys_the_last_nodes_counts() -> None:
    results = {
        "A": {"outputs": [{"key": "examples", "uri": "/a"}, {"key": "model", "uri": "/m"}]},
        "B": {"outputs": [{"key": "examples", "uri": "/b"}]},
        "C": {"outputs": []},
    }
    assert _outputs(results) == {"examples": "/b", "model": "/m"}


class Tensor:
    """Stands for TensorFlow's, which this environment does not have."""

    def __init__(self, value: object) -> None:
        self._value = value

    def numpy(self) -> object:
        return self._value


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (b"Adelie", "Adelie"),
        (b"\xff", "\N{REPLACEMENT CHARACTER}"),
        (0.123456, 0.1235),
        (7, 7),
        ([b"a", [0.5]], ["a", [0.5]]),
        (Tensor(b"a"), "a"),
        (None, None),
    ],
)
def test_values_become_json(value: object, plain: object) -> None:
    assert _plain(value) == plain


LABELLED = [{"late": late, "latency": 1} for late in (0, 0, 0, 0, 1, 0)]


@pytest.mark.parametrize("key", ["late", "late_xf"])
def test_the_rows_shown_have_different_labels(key: str) -> None:
    assert _various(LABELLED, key) == [0, 1, 4]


def test_without_a_label_the_first_rows_are_shown() -> None:
    assert _various(LABELLED, "") == [0, 1, 2]
    assert _various(LABELLED, "delay_xf") == [0, 1, 2]
    assert _various(LABELLED[:2], "late") == [0, 1]
    assert _various([], "late") == []


def test_of_many_labels_the_first_few_are_shown() -> None:
    assert _various([{"n": n} for n in (7, 7, 8, 9, 10)], "n") == [0, 2, 3]


def test_a_pipeline_without_metrics_or_model_has_an_empty_report() -> None:
    results = {"Make": {"outputs": [{"key": "text", "uri": "/t", "type": "String", "id": 1}]}}
    root = str(Path(__file__).parents[3])
    completed = subprocess.run(
        [sys.executable, "-m", "headrace.demo.report"],
        input=json.dumps(results),
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(completed.stdout) == {}
