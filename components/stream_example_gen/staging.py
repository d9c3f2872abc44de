"""Reads one file of a stream and lays its rows out by window, beside late and bad ones.

Everything is written under names that come from the file's place in the journal, whole or not at
all: read again after a failure, it overwrites itself.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from headrace.components.columnar_example_gen.tfrecord import framed

from .files import as_json, as_lines, replace_file
from .journal import TakenFile
from .rows import RowFormat, read_rows
from .windows import Windows

_COMPRESSION = 1
"""What is staged is read once more, and soon."""


class Block(NamedTuple):
    """The rows of one file in one window, as a TFRecord file of tf.Examples."""

    window: int
    name: str
    rows: int
    file: str


class Staged(NamedTuple):
    """What a file had: its blocks, and the latest event time in it."""

    blocks: list[Block]
    latest: float | None


def stage(
    directory: Path, name: str, file: TakenFile, form: RowFormat, windows: Windows, watermark: float
) -> Staged:
    """Read the file, which is called ``name`` in the stream.

    Raises:
        StreamError: it is not the file that was taken.
    """
    file.check()
    rows = read_rows(Path(file.path), form)
    of_window: dict[int, list[int]] = defaultdict(list)
    late: list[int] = []
    for index, time in enumerate(rows.times):
        number = windows.number(time)
        (late if windows.is_closed(number, watermark) else of_window[number]).append(index)
    of_window = defaultdict(list, {k: v for k, v in sorted(of_window.items()) if v})
    blocks = []
    for number, chosen in of_window.items():
        payloads = rows.examples(chosen, form)
        block = Block(number, f"{name}-{number}", len(chosen), file.path)
        data = framed(pa.array(payloads, pa.binary()), payloads)
        replace_file(block_path(directory, block.name), gzip.compress(bytes(data), _COMPRESSION))
        blocks.append(block)
    source = {"file": file.path}
    if late:
        kept = [
            {
                **source,
                "line": rows.lines[index],
                "event_time": rows.times[index],
                "span": windows.number(rows.times[index]),
                "row": rows.texts[index],
            }
            for index in late
        ]
        replace_file(directory / "late" / f"{name}.jsonl", as_lines(kept))
    if rows.bad:
        replace_file(
            directory / "bad" / f"{name}.jsonl", as_lines([{**source, **bad} for bad in rows.bad])
        )
    counts = {
        "file": file.path,
        "rows": len(rows.lines) - len(late),
        "late": len(late),
        "bad": len(rows.bad),
    }
    replace_file(directory / "read" / f"{name}.json", as_json(counts))
    return Staged(blocks, max(rows.times, default=None) if windows.seconds else None)


def block_path(directory: Path, name: str) -> Path:
    """Where a block's rows are until its span has landed."""
    return directory / "staging" / f"{name}.gz"
