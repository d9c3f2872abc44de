"""Which anomalies count, and how a person is told of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2

SEVERITIES = ("WARNING", "ERROR")
_SEVERITY = anomalies_pb2.AnomalyInfo.Severity
_UNKNOWN = _SEVERITY.Value("UNKNOWN")
_DATASET = ""
_MOST = 10


@dataclass(frozen=True)
class Finding:
    """An anomaly of one feature in one split; ``feature`` is empty for one of the whole data."""

    split: str
    feature: str
    severity: str
    text: str

    def __str__(self) -> str:
        where = f"feature {self.feature}" if self.feature else "the data"
        return f"{where} of split {self.split}: {self.text}"

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain data."""
        return asdict(self)


def find(
    anomalies: Mapping[str, anomalies_pb2.Anomalies], severity: str, ignored: Collection[str]
) -> list[Finding]:
    """The anomalies of this severity or a worse one, of features that are not ignored.

    TFDV leaves the severity of some anomalies open; these count as errors.
    """
    least = SEVERITIES.index(severity)
    return [
        finding
        for split, found in sorted(anomalies.items())
        for finding in _of_split(split, found)
        if SEVERITIES.index(finding.severity) >= least and finding.feature not in ignored
    ]


def told(findings: list[Finding]) -> str:
    """The findings, a line each, the first ten of them."""
    lines = [str(finding) for finding in findings[:_MOST]]
    more = len(findings) - _MOST
    return "\n".join([*lines, *([f"and {more} more"] if more > 0 else [])])


def _of_split(split: str, found: anomalies_pb2.Anomalies) -> Iterator[Finding]:
    if found.data_missing:
        yield Finding(split, _DATASET, "ERROR", "there is no example")
    if found.HasField("dataset_anomaly_info"):
        info = found.dataset_anomaly_info
        yield Finding(split, _DATASET, _severity(info), _text(info))
    for name in sorted(found.anomaly_info):
        info = found.anomaly_info[name]
        path = ".".join(info.path.step) or name
        yield Finding(split, path, _severity(info), _text(info))


def _severity(info: Any) -> str:
    return "ERROR" if info.severity == _UNKNOWN else str(_SEVERITY.Name(info.severity))


def _text(info: Any) -> str:
    short, long = info.short_description.strip(), info.description.strip()
    text = f"{short}: {long}" if short and long and short != long else short or long
    return " ".join(text.split()) or "an anomaly without a description"
