"""What is in an artifact, as something that a test can compare.

Each takes an artifact as ``component(...)["key"]`` gives it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tfx.types import Artifact, artifact_utils

from headrace.errors import UsageError
from headrace.launcher.jobs import ArtifactResult
from headrace.node.blessing import evaluation_of
from headrace.testing.models import SERVING, ask_model, serving_directory
from headrace.testing.rows import Rows, as_rows, read_examples, to_examples, to_frame
from headrace.testing.schemas import as_schema

_FORMATS = ("", "FORMAT_TF_EXAMPLE")
_STATISTICS, _ANOMALIES = "FeatureStats.pb", "SchemaDiff.pb"
_BLESSED, _NOT_BLESSED = "BLESSED", "NOT_BLESSED"
_INFRA = {"INFRA_BLESSED": True, "INFRA_NOT_BLESSED": False}


def examples_frame(artifact: Artifact, split: str | None = None) -> pd.DataFrame:
    """The examples of one split, or of all: a column for each feature, by name.

    One value is itself, several are a list, none is None. Numbers are int64 and float32, as
    tf.Examples have them; texts are ``str``. What a Beam job wrote has no order to rely on.

    Raises:
        UsageError: there is no such split, or it has no tf.Examples.
    """
    kept = artifact.get_string_custom_property("payload_format")
    if kept not in _FORMATS:
        raise UsageError(f"{artifact.uri} has {kept}, and only tf.Examples are read")
    files = [
        file
        for name in _splits(artifact, split)
        for file in sorted(_folder(artifact, name).iterdir())
        if file.is_file()
    ]
    return to_frame(read_examples(files))


def statistics_frame(artifact: Artifact, split: str | None = None) -> pd.DataFrame:
    """A row for each feature of one split, or of the only one, as TFDV has counted it.

    Columns: ``type``, ``count``, ``missing``, and for numbers ``mean``, ``std_dev``, ``min``,
    ``median``, ``max``, ``zeros``; for texts ``unique`` and ``top``, the most frequent one.

    Raises:
        UsageError: there is no such split, or there are several and none is named.
    """
    [name] = _one(_splits(artifact, split), artifact)
    found = statistics_pb2.DatasetFeatureStatisticsList.FromString(
        _bytes(_folder(artifact, name) / _STATISTICS)
    )
    rows = {
        feature.name or ".".join(feature.path.step): _figures(feature)
        for dataset in found.datasets
        for feature in dataset.features
    }
    return pd.DataFrame.from_dict(rows, orient="index").sort_index()


def anomalies(artifact: Artifact, split: str | None = None) -> dict[str, str]:
    """What is wrong with the data, by feature; empty where nothing is. Of one split, or of all.

    Raises:
        UsageError: there is no such split.
    """
    found: dict[str, str] = {}
    for name in _splits(artifact, split):
        told = anomalies_pb2.Anomalies.FromString(_bytes(_folder(artifact, name) / _ANOMALIES))
        for feature, info in told.anomaly_info.items():
            found[feature] = info.description
        if told.HasField("dataset_anomaly_info"):
            found[""] = told.dataset_anomaly_info.description
    return found


@dataclass(frozen=True)
class Blessing:
    """A verdict; true where it is a good one, so that ``assert blessing(...)`` shows the reasons.

    Attributes:
        reasons: thresholds that were missed, where the evaluation is at hand.
    """

    blessed: bool
    reasons: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.blessed


def blessing(artifact: Artifact, evaluation: Artifact | None = None) -> Blessing:
    """What Evaluator, InfraValidator or a gate has decided.

    Args:
        artifact: ModelBlessing, InfraBlessing, or any other with a custom property ``blessed``.
        evaluation: Evaluator's other output, which has the reasons.

    Raises:
        UsageError: the artifact holds no verdict.
    """
    files = {_BLESSED: True, _NOT_BLESSED: False, **_INFRA}
    verdicts = [value for name, value in files.items() if Path(artifact.uri, name).exists()]
    if artifact.has_custom_property("blessed"):
        verdicts.append(artifact.get_int_custom_property("blessed") == 1)
    if not verdicts:
        raise UsageError(f"{artifact.type_name} {artifact.uri} says nothing of a blessing")
    told = _evaluation(evaluation, artifact)["findings"] if evaluation else ()
    if not told and artifact.has_custom_property("reason"):
        told = [artifact.get_string_custom_property("reason")]
    return Blessing(verdicts[0], tuple(told))


def metrics(artifact: Artifact, where: str = "overall") -> dict[str, float]:
    """The figures of a ModelEvaluation, of all data or of a slice (``"island = Biscoe"``).

    Raises:
        UsageError: there is no such slice.
    """
    found = _evaluation(artifact)["metrics"]
    if where not in found:
        raise UsageError(
            f"the evaluation has no slice {where!r}", f"its slices: {', '.join(found) or 'none'}"
        )
    return dict(found[where])


def predictions(artifact: Artifact, rows: Rows, signature: str = SERVING) -> pd.DataFrame:
    """What a model answers to rows as a server asks it, a row for each; numbers, texts or lists.

    Args:
        artifact: a Model, or a PushedModel.
        rows: as the fixture ``examples`` takes them.
        signature: one that takes serialised tf.Examples.

    Raises:
        KeyError: the model has no such signature.
    """
    given = [example.SerializeToString() for example in to_examples(as_rows(rows))]
    answers = ask_model(serving_directory(artifact.uri), given, signature)
    return pd.DataFrame({name: _column(answer) for name, answer in answers.items()})


def schema_of(artifact: Artifact) -> schema_pb2.Schema:
    """The proto of a Schema.

    Raises:
        UsageError: it cannot be read.
    """
    return as_schema(Path(artifact.uri, "schema.pbtxt"))


def _evaluation(*artifacts: Artifact) -> dict[str, Any]:
    given = [ArtifactResult(one.id, one.type_name, one.uri, "") for one in artifacts]
    found = evaluation_of(given)
    if not found:
        raise UsageError(f"{artifacts[0].type_name} {artifacts[0].uri} holds no evaluation")
    return found


def _column(answer: Any) -> list[Any]:
    rows = answer[:, 0] if answer.ndim == 2 and answer.shape[1] == 1 else answer
    plain = rows.tolist()
    return [_text(item) for item in plain]


def _text(item: Any) -> Any:
    if isinstance(item, list):
        return [_text(one) for one in item]
    return item.decode(errors="replace") if isinstance(item, bytes) else item


def _figures(feature: statistics_pb2.FeatureNameStatistics) -> dict[str, Any]:
    kind = statistics_pb2.FeatureNameStatistics.Type.Name(feature.type)
    if feature.HasField("num_stats"):
        number = feature.num_stats
        common = number.common_stats
        figures = {
            "mean": number.mean,
            "std_dev": number.std_dev,
            "min": number.min,
            "median": number.median,
            "max": number.max,
            "zeros": number.num_zeros,
        }
    elif feature.HasField("string_stats"):
        text = feature.string_stats
        common = text.common_stats
        top = text.top_values[0].value if text.top_values else None
        figures = {"unique": text.unique, "top": top}
    else:
        common, figures = feature.bytes_stats.common_stats, {}
    return {
        "type": kind,
        "count": common.num_non_missing,
        "missing": common.num_missing,
        **figures,
    }


def _splits(artifact: Artifact, split: str | None) -> list[str]:
    names = json.loads(getattr(artifact, "split_names", "") or "[]")
    if split is None:
        return list(names)
    if split not in names:
        raise UsageError(
            f"{artifact.type_name} {artifact.uri} has no split {split!r}",
            f"its splits: {', '.join(names) or 'none'}",
        )
    return [split]


def _one(names: list[str], artifact: Artifact) -> list[str]:
    if len(names) != 1:
        known = ", ".join(names) or "none"
        raise UsageError(f"{artifact.type_name} has not one split but: {known}", "name the split")
    return names


def _folder(artifact: Artifact, split: str) -> Path:
    folder = Path(artifact_utils.get_split_uri([artifact], split))
    if not folder.is_dir():
        raise UsageError(f"split {split!r} of {artifact.type_name} is not there: {folder}")
    return folder


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
