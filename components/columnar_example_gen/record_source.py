"""TFRecord files, as TFX's ImportExampleGen reads them: their records are examples already.

They are passed on as they are. Protocol buffers' own parser says of each whether it is one, and in
which form its bytes decide its split, because the same example can be written in several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import tensorflow as tf
from google.protobuf.message import DecodeError
from tfx.proto import example_gen_pb2
from tfx_bsl.coders import example_coder

from headrace.errors import HeadraceError

from .arrow_columns import flattened, kind_of, typed_columns
from .bad_rows import BadRow
from .decoding import Decoded, Features
from .files import InputFile, opened
from .kinds import Kind, widest
from .ranges import Range
from .record_blocks import RecordBlock, read_records
from .records import Records
from .source import sampled
from .text import shown

_SAMPLED_FILES = 8
_SAMPLED_RECORDS = 1000
_MESSAGES: dict[int, type[Any]] = {
    example_gen_pb2.FORMAT_TF_EXAMPLE: tf.train.Example,
    example_gen_pb2.FORMAT_PARQUET: tf.train.Example,
    example_gen_pb2.FORMAT_TF_SEQUENCE_EXAMPLE: tf.train.SequenceExample,
}


@dataclass(frozen=True)
class RecordSource:
    """Reads records of a payload format; for Parquet, examples that are to become columns."""

    payload: int
    is_text: ClassVar[bool] = False
    quote: ClassVar[bytes] = b""
    nests: ClassVar[bool] = False

    def features(self, files: Sequence[InputFile], given: Mapping[str, Kind]) -> Features:
        """Of examples, the features in the beginnings of some files."""
        if _MESSAGES.get(self.payload) is not tf.train.Example:
            return Features({})
        with ThreadPoolExecutor(_SAMPLED_FILES) as pool:
            kinds = widest(pool.map(self._sampled_kinds, sampled(files, _SAMPLED_FILES)))
        if self.payload != example_gen_pb2.FORMAT_PARQUET:
            return Features(kinds)  # what an example holds is not changed
        of_files = {name: given[name] for name in kinds if name in given}
        return Features({**kinds, **of_files}, given)

    def ranges(self, file: InputFile) -> list[Range]:
        """The file whole: where a record begins only the one before it says."""
        return [Range(file, 0, None)]

    def blocks(self, piece: Range) -> Iterator[RecordBlock]:
        """The file's records."""
        with opened(piece.file) as stream:
            yield from read_records(piece.file.path, stream)

    def decode(self, block: RecordBlock, features: Features) -> Decoded:
        """The records; one that is broken or no example is bad."""
        reasons = dict(block.broken)
        records, places = self._parsed(block, reasons)
        columns, kinds = [], dict(features.kinds)
        if self.payload == example_gen_pb2.FORMAT_PARQUET:
            where = f"{block.file}:{block.first}"
            arrays = flattened(_table(records.payloads, where), where)
            typed = typed_columns(arrays, features, len(places), where)
            if typed.refused:
                kept, dropped = typed.without_refused(len(places))
                bad = np.flatnonzero(dropped).tolist()
                reasons.update((places[row], typed.reason(row)) for row in bad)
                records, typed = records.where(~dropped), kept
            columns, kinds = list(typed.columns), dict(typed.kinds)
        bad_rows = [
            BadRow(block.file, block.first + place, reasons[place], shown(block.payloads[place]))
            for place in sorted(reasons)
        ]
        return Decoded(len(records.payloads), columns, kinds, bad_rows, records)

    def _parsed(self, block: RecordBlock, reasons: dict[int, str]) -> tuple[Records, list[int]]:
        """The records that can be parsed, and their places; the others get a reason."""
        message = _MESSAGES.get(self.payload)
        try:
            if not reasons:
                places = list(range(len(block.payloads)))
                return Records(block.payloads, _messages(message, block.payloads)), places
        except DecodeError:
            pass
        for place, payload in enumerate(block.payloads):
            try:
                _messages(message, [payload])
            except DecodeError:
                reasons.setdefault(place, f"no {message.DESCRIPTOR.full_name}")  # type: ignore[union-attr]
        places = [place for place in range(len(block.payloads)) if place not in reasons]
        payloads = [block.payloads[place] for place in places]
        return Records(payloads, _messages(message, payloads)), places

    def _sampled_kinds(self, file: InputFile) -> dict[str, Kind]:
        block = next(self.blocks(Range(file, 0, None)), None)
        if block is None:
            return {}
        records, _ = self._parsed(block, dict(block.broken))
        sample = list(records.payloads[:_SAMPLED_RECORDS])
        arrays = flattened(_table(sample, file.path), file.path)
        return {name: kind_of(name, array.type, file.path) for name, array in arrays.items()}


def _messages(message: type[Any] | None, payloads: Sequence[bytes]) -> list[Any] | None:
    return None if message is None else list(map(message.FromString, payloads))


def _table(payloads: Sequence[bytes], where: str) -> pa.RecordBatch:
    """Examples as columns of lists; a feature that one does not have is null."""
    try:
        return example_coder.ExamplesToRecordBatchDecoder().DecodeBatch(list(payloads))
    except Exception as error:
        raise HeadraceError(
            f"{where}: examples that have no columns in common: {' '.join(str(error).split())}",
            "give every feature one kind, or leave the examples as they are",
        ) from error
