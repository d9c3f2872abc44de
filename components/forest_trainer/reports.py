"""What the model-run artifact tells of a training: importances, the first tree, the figures."""

from __future__ import annotations

import json
import os
import posixpath
import tempfile
from collections.abc import Mapping
from typing import Any

from tfx.dsl.io import fileio
from tfx.utils import io_utils

from .dataset import Arrays, Dataset
from .drawing import draw_tree
from .hyperparameters import Value
from .problem import Problem, Task

_PLAIN = (bool, int, float, str)


def write_reports(
    uri: str,
    model: Any,
    problem: Problem,
    hyperparameters: Mapping[str, Value],
    data: Dataset,
    held_out: Arrays,
) -> dict[str, Any]:
    """Write the artifact's files; return what ``training.json`` says."""
    classes = [name.decode(errors="replace") for name in data.classes.names] if data.classes else []
    training = {
        "task": problem.task.value,
        "algorithm": problem.algorithm.value,
        "hyperparameters": dict(hyperparameters),
        "seed": problem.seed,
        "rows": len(data),
        "features": {name: kind.value for name, kind in data.features.items()},
        "classes": classes,
        "trees": model.num_trees(),
        "nodes": model.num_nodes(),
        "held_out": _figures(model.evaluate(held_out)),
    }
    _write(uri, "training.json", json.dumps(training, indent=2) + "\n")
    importances = {
        kind: {name: value for value, name in pairs}
        for kind, pairs in model.variable_importances().items()
    }
    _write(uri, "feature_importances.json", json.dumps(importances, indent=2) + "\n")
    _write(uri, "first_tree.svg", draw_tree(model, _title(problem, classes, model), classes))
    _keep_model(model, posixpath.join(uri, "ydf"))
    return training


def _title(problem: Problem, classes: list[str], model: Any) -> str:
    trees = f"{model.num_trees()} trees"
    what = f"{problem.label}, the first of {trees}"
    if problem.algorithm.value == "gradient_boosted_trees" and problem.task is not Task.REGRESSION:
        # Boosted trees add up log-odds: of the last of two classes, of each of more in turn.
        what += f": what it adds to the log-odds of {classes[1 if len(classes) == 2 else 0]}"
    return what


def _figures(evaluation: Any) -> dict[str, Value]:
    found = {name: value for name, value in evaluation.to_dict().items() if type(value) in _PLAIN}
    return {name: value for name, value in found.items() if not name.endswith(":name")}


def _write(uri: str, name: str, text: str) -> None:
    io_utils.write_string_file(posixpath.join(uri, name), text)


def _keep_model(model: Any, uri: str) -> None:
    """YDF's own form, for its own tools; YDF writes to local directories only."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, "ydf")
        model.save(folder)
        fileio.makedirs(uri)
        for name in os.listdir(folder):
            fileio.copy(os.path.join(folder, name), posixpath.join(uri, name), overwrite=True)
