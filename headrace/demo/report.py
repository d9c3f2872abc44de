"""What a run produced: metrics, and a prediction by the pushed model. TFX environment only.

``python -m headrace.demo.report`` reads the nodes' results as JSON on standard input, and writes
one JSON document. It works for any pipeline that has an Evaluator's ``evaluation``, a Pusher's
``pushed_model`` and an ExampleGen's ``examples``; what is missing is left out.
"""

from __future__ import annotations

import glob
import itertools
import json
import math
import os
import sys
from typing import Any

from headrace.evaluation import figures
from headrace.launcher.forest_ops import load_forest_ops

_ROWS = 3
_ROWS_TO_CHOOSE_FROM = 1000
_ALL = "Overall"


def main() -> int:
    """Write the report and return 0, or 1 after an exception (its trace on standard error)."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    outputs = _outputs(json.load(sys.stdin))
    report: dict[str, Any] = {}
    if "evaluation" in outputs:
        report["metrics"] = _metrics(outputs["evaluation"])
        report["blessed"] = os.path.exists(os.path.join(outputs.get("blessing", ""), "BLESSED"))
    if "pushed_model" in outputs:
        report["pushed_model"] = outputs["pushed_model"]
    if "pushed_model" in outputs and "examples" in outputs:
        label = _label_key(outputs["evaluation"]) if "evaluation" in outputs else ""
        report["predictions"] = _predictions(outputs["pushed_model"], outputs["examples"], label)
    with answer:
        json.dump(report, answer)
    return 0


def _outputs(results: dict[str, dict[str, Any]]) -> dict[str, str]:
    """URIs of the run's artifacts by output key; of equal keys the last node's."""
    return {item["key"]: item["uri"] for result in results.values() for item in result["outputs"]}


def _metrics(uri: str) -> dict[str, dict[str, float]]:
    """Metrics by slice, ``Overall`` first; where the model has named outputs, by output too."""
    import tensorflow_model_analysis as tfma

    found: dict[str, dict[str, float]] = {}
    for slice_key, outputs in tfma.load_eval_result(uri).slicing_metrics:
        name = ", ".join(f"{column}={value}" for column, value in slice_key) or _ALL
        for output, by_sub_key in outputs.items():
            found[f"{name} ({output})" if output else name] = {
                key: value for key, value in figures(by_sub_key).items() if math.isfinite(value)
            }
    return dict(sorted(found.items(), key=lambda item: (not item[0].startswith(_ALL), item[0])))


def _label_key(uri: str) -> str:
    """The label that Evaluator was given; empty where the models' outputs have one each."""
    import tensorflow_model_analysis as tfma

    specs = tfma.load_eval_result(uri).config.model_specs
    return str(specs[0].label_key) if specs else ""


def _predictions(model_uri: str, examples_uri: str, label_key: str) -> list[dict[str, Any]]:
    """Predictions of the pushed model for a few held-out rows, beside all that is in the row."""
    import tensorflow as tf

    splits = sorted(glob.glob(os.path.join(examples_uri, "Split-*")))
    eval_split = next((split for split in splits if split.endswith("eval")), splits[-1])
    files = sorted(glob.glob(os.path.join(eval_split, "*")))
    compression = "GZIP" if files[0].endswith(".gz") else ""
    dataset = tf.data.TFRecordDataset(files, compression).take(_ROWS_TO_CHOOSE_FROM)
    found = list(dataset.as_numpy_iterator())
    records = [found[index] for index in _various(list(map(_features, found)), label_key)]
    load_forest_ops()
    saved = tf.saved_model.load(model_uri)
    serve = saved.signatures["serving_default"]
    [input_name] = serve.structured_input_signature[1]
    answers = serve(**{input_name: tf.constant(records)})
    return [
        {
            "row": _features(record),
            "prediction": {name: _plain(value[index]) for name, value in answers.items()},
        }
        for index, record in enumerate(records)
    ]


def _various(rows: list[dict[str, Any]], label_key: str) -> list[int]:
    """Which rows to show: the first of each label, then the first of the others.

    Transform may have renamed the label: then it is the column whose name the key starts with.
    """
    columns = [name for row in rows[:1] for name in row if label_key.startswith(name)]
    column = max(columns, key=len, default="")
    firsts: dict[Any, int] = {}
    for index, row in enumerate(rows):
        firsts.setdefault(row.get(column), index)
    chosen = list(firsts.values())[:_ROWS]
    others = (index for index in range(len(rows)) if index not in chosen)
    return sorted([*chosen, *itertools.islice(others, _ROWS - len(chosen))])


def _features(record: bytes) -> dict[str, Any]:
    import tensorflow as tf

    row = {}
    for name, feature in sorted(tf.train.Example.FromString(record).features.feature.items()):
        kind = feature.WhichOneof("kind")
        values = list(getattr(feature, kind).value) if kind else []
        row[name] = _plain(values[0]) if values else None
    return row


def _plain(value: Any) -> Any:
    if hasattr(value, "numpy"):
        value = value.numpy()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value


if __name__ == "__main__":
    sys.exit(main())
