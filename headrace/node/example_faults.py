"""What TFX's example generators say too little about: a bad row, and no rows at all."""

from __future__ import annotations

import gzip
import json
import logging
import posixpath
from collections.abc import Iterator
from typing import Any

from tfx.dsl.io import fileio

from headrace.access import CLOSED_HINT, closed_directory
from headrace.errors import HeadraceError
from headrace.node.csv_faults import Fault, first_fault
from headrace.settings import load_settings

_CSV_EXECUTOR = "tfx.components.example_gen.csv_example_gen.executor.Executor"
_EXAMPLES = "Examples"
_SPLIT = "Split-"
_HINT = (
    "mend it; or put ColumnarExampleGen in CsvExampleGen's place, which can quarantine or skip bad "
    "rows, reads other encodings and has no limit on a field"
)
_log = logging.getLogger(__name__)


class BadInput(HeadraceError):
    """The data that a node reads is at fault."""


def explain(class_path: str, properties: dict[str, Any]) -> BadInput | None:
    """Why an example generator has failed, with file and line; None if its input is not why."""
    if class_path != _CSV_EXECUTOR:
        return None
    closed = next(filter(None, map(closed_directory, _patterns(properties))), None)
    if closed is not None:
        return BadInput(f"the directory {closed} may not be read", CLOSED_HINT)
    try:
        fault = _csv_fault(properties)
    except Exception as error:  # then the failure itself has to do
        _log.debug("The input could not be looked through: %s", error)
        return None
    return None if fault is None else BadInput(str(fault), _HINT)


def refuse_nothing(
    inputs: dict[str, Any], outputs: dict[str, Any], properties: dict[str, Any]
) -> None:
    """Refuse what an example generator has put out if there is no example in it.

    Raises:
        BadInput: there is none, and the settings do not allow that.
    """
    made = [item for items in outputs.values() for item in items if item.type_name == _EXAMPLES]
    if any(inputs.values()) or not made or any(map(_has_example, made)):
        return
    settings = load_settings()
    read = ", ".join(_patterns(properties)) or "its input"
    if settings.allow_empty_examples:
        _log.warning("No example came of %s", read)
        return
    raise BadInput(
        f"no example came of {read}",
        "is there nothing below the header, or nothing at all? Where that may be, set "
        "allow_empty_examples = true in headrace.toml",
    )


def _csv_fault(properties: dict[str, Any]) -> Fault | None:
    from apache_beam.io.filesystems import FileSystems

    for pattern in _patterns(properties):
        fault = first_fault(sorted(fileio.glob(pattern)), FileSystems.open)
        if fault is not None:
            return fault
    return None


def _patterns(properties: dict[str, Any]) -> list[str]:
    """Of the files of each split."""
    base = properties.get("input_base")
    try:
        splits = json.loads(str(properties.get("input_config") or "{}")).get("splits", [])
    except ValueError:
        return []
    return [posixpath.join(str(base), str(split["pattern"])) for split in splits] if base else []


def _has_example(artifact: Any) -> bool:
    # The artifact does not have the names of its splits before the node has ended.
    names = [name.rstrip("/") for name in fileio.listdir(artifact.uri)]
    splits = [name for name in names if name.startswith(_SPLIT)]
    uris = [posixpath.join(artifact.uri, name) for name in splits]
    return any(_is_filled(file) for uri in uris for file in _files(uri))


def _files(uri: str) -> Iterator[str]:
    for folder, _, names in fileio.walk(uri):
        yield from (posixpath.join(folder, name) for name in names)


def _is_filled(file: str) -> bool:
    if file.endswith(".parquet"):
        return bool(_parquet_rows(file))
    with fileio.open(file, "rb") as source:
        if file.endswith(".gz"):
            with gzip.GzipFile(fileobj=source) as unpacked:
                return bool(unpacked.read(1))
        return bool(source.read(1))


def _parquet_rows(file: str) -> int:
    from apache_beam.io.filesystems import FileSystems
    from pyarrow import parquet

    # Not TFX's: of TensorFlow's files Arrow misses an attribute.
    with FileSystems.open(file) as source:
        return int(parquet.ParquetFile(source).metadata.num_rows)
