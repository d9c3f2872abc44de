"""Results of units as JSON, the way that they come back from Beam's workers."""

from __future__ import annotations

import json
import posixpath
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from headrace.errors import HeadraceError

from .bad_rows import BadRow
from .kinds import Kind
from .shards import Shard, created
from .unit import Result

_READERS = 16
_FAILURE = "failure"


def save(result: Result, folder: str) -> None:
    """Write a result to a file of its own in the folder."""
    file = created(posixpath.join(folder, f"{_name(result)}-{uuid.uuid4().hex[:12]}.json"))
    file.write(json.dumps(asdict(result)).encode())
    file.close()


def save_failure(error: HeadraceError, folder: str) -> None:
    """Say to the executor, and to units that are not begun, that one failed."""
    file = created(posixpath.join(folder, _FAILURE))
    file.write(json.dumps({"message": error.message, "hint": error.hint}).encode())
    file.close()


def has_failed(folder: str) -> bool:
    """Whether a unit has failed."""
    return bool(FileSystems.exists(posixpath.join(folder, _FAILURE)))


def load(folder: str) -> list[Result]:
    """The result of each unit, in their order.

    A unit that was done twice, as retries and Beam's backups do, has two; both are complete, and
    one of them is taken.

    Raises:
        HeadraceError: a unit failed; this is what it said.
    """
    if has_failed(folder):
        raise HeadraceError(**_read(posixpath.join(folder, _FAILURE)))
    [matched] = FileSystems.match([posixpath.join(folder, "*.json")])
    with ThreadPoolExecutor(_READERS) as pool:
        found = list(pool.map(_read_result, sorted(item.path for item in matched.metadata_list)))
    units = {(result.split, result.order): result for result in found}
    return [units[key] for key in sorted(units)]


def _name(result: Result) -> str:
    place, part = result.order
    return f"{result.split}-{place}-{part}"


def _read_result(path: str) -> Result:
    return _result(_read(path))


def _read(path: str) -> dict[str, Any]:
    with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        fields: dict[str, Any] = json.loads(file.read())
    return fields


def _result(fields: dict[str, Any]) -> Result:
    first, second = fields.pop("order")
    example = fields.pop("bad_example")
    return Result(
        order=(first, second),
        kinds={name: Kind(kind) for name, kind in fields.pop("kinds").items()},
        shards=tuple(Shard(**shard) for shard in fields.pop("shards")),
        bad_example=BadRow(**example) if example else None,
        **fields,
    )
