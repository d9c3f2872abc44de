"""TFX executor of AnomalyGate."""

from __future__ import annotations

import json
import posixpath
from typing import Any

from absl import logging
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import types
from tfx.components.example_validator.executor import DEFAULT_FILE_NAME
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from headrace.errors import HeadraceError

from . import artifacts
from .findings import Finding, find, told

ANOMALIES_KEY = "anomalies"
EXAMPLES_KEY = "examples"
BLESSING_KEY = "blessing"
SEVERITY_KEY = "severity"
ON_ANOMALY_KEY = "on_anomaly"
IGNORED_KEY = "ignored"
FAIL, QUARANTINE = "fail", "quarantine"

Artifacts = dict[str, list[types.Artifact]]


class DataAnomaly(HeadraceError):
    """The data has anomalies that the gate does not let through."""


class Executor(base_executor.BaseExecutor):  # type: ignore[misc]
    """Fails, or says so, where ExampleValidator has found anomalies that count."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Look at the anomalies.

        Raises:
            DataAnomaly: there are some, and the data is not to be set aside.
            HeadraceError: they cannot be read.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        anomalies = artifact_utils.get_single_instance(input_dict[ANOMALIES_KEY])
        ignored = json.loads(exec_properties.get(IGNORED_KEY) or "[]")
        findings = find(_read(anomalies), exec_properties[SEVERITY_KEY], ignored)
        if findings and exec_properties[ON_ANOMALY_KEY] == FAIL:
            raise DataAnomaly(
                f"the data has {_counted(findings)}:\n{told(findings)}",
                f"all of them are in {anomalies.uri}; mend the data or the schema, and run again",
            )
        examples = input_dict.get(EXAMPLES_KEY)
        blessing = artifact_utils.get_single_instance(output_dict[BLESSING_KEY])
        _write(blessing, findings, examples[0] if examples else None)
        if findings:
            logging.warning("Set aside, with %s:\n%s", _counted(findings), told(findings))
        else:
            logging.info("The data has no anomaly that counts.")


def _read(artifact: types.Artifact) -> dict[str, anomalies_pb2.Anomalies]:
    found = {}
    for split in artifact_utils.decode_split_names(artifact.split_names):
        path = posixpath.join(artifact_utils.get_split_uri([artifact], split), DEFAULT_FILE_NAME)
        try:
            with fileio.open(path, "rb") as file:
                found[split] = anomalies_pb2.Anomalies.FromString(file.read())
        except Exception as error:  # of whatever file system it is
            raise HeadraceError(f"the anomalies cannot be read from {path}: {error}") from error
    return found


def _write(
    blessing: types.Artifact, findings: list[Finding], examples: types.Artifact | None
) -> None:
    blessing.set_int_custom_property(artifacts.BLESSED, int(not findings))
    blessing.set_string_custom_property(artifacts.REASON, told(findings))
    if examples is not None:
        blessing.set_int_custom_property(artifacts.EXAMPLES_ID, examples.id)
    fileio.makedirs(blessing.uri)
    with fileio.open(posixpath.join(blessing.uri, artifacts.FILE_NAME), "w") as file:
        file.write(f"{json.dumps([finding.to_dict() for finding in findings], indent=1)}\n")


def _counted(findings: list[Finding]) -> str:
    return "an anomaly" if len(findings) == 1 else f"{len(findings)} anomalies"
