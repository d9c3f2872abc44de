"""Results of units as JSON, the way that they come back from Beam's workers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from .bad_rows import BadRow
from .kinds import Kind
from .shards import Shard, created
from .unit import Result


def save(results: Sequence[Result], path: str) -> None:
    """Write them to one file; writing again, as a retry does, writes the whole file anew."""
    file = created(path)
    file.write(json.dumps([asdict(result) for result in results]).encode())
    file.close()


def load(path: str) -> list[Result]:
    """Read them, in the order of their units."""
    file = FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)
    try:
        found = [_result(fields) for fields in json.loads(file.read())]
    finally:
        file.close()
    return sorted(found, key=lambda result: (result.split, result.order))


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
