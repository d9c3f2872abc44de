"""One unit of work: a range of a file, or small files, read, encoded and written to own shards.

Blocks are decoded and encoded by threads; Arrow, numpy and zlib release Python's lock. They are
written in order by the thread that reads, so that the same input gives the same shards.
"""

from __future__ import annotations

import posixpath
import uuid
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from .bad_rows import BadRow, BadRows, Policy
from .decoding import Features
from .kinds import Kind, widest
from .output import Output, Piece
from .ranges import Range
from .shards import OpenShard, Shard, ShardWriter, created
from .source import Source
from .splitting import SplitPlan


@dataclass(frozen=True)
class SplitJob:
    """How one input split is ingested."""

    source: Source
    features: Features
    plan: SplitPlan


@dataclass(frozen=True)
class Job:
    """What every worker is told.

    Attributes:
        splits: of the input, in its order.
        staging: the folder that shards are written to.
        shard_bytes: a shard ends when it holds so much, before compression.
        threads: that a unit may use.
    """

    splits: Sequence[SplitJob]
    output: Output
    open_shard: OpenShard
    bad_rows: BadRows
    staging: str
    shard_bytes: int
    threads: int


@dataclass(frozen=True)
class Unit:
    """A range of a file of an input split, or small files; ``order`` is its place among all."""

    split: int
    order: tuple[int, int]
    pieces: Sequence[Range]


@dataclass(frozen=True)
class Result:
    """What became of a unit.

    Attributes:
        kinds: as seen in its rows.
        widened: whether they are more than was known; then nothing was written.
        quarantine: the file with its bad rows; empty for none.
        bad_example: the last bad row.
    """

    split: int
    order: tuple[int, int]
    kinds: Mapping[str, Kind]
    widened: bool = False
    shards: Sequence[Shard] = field(default_factory=tuple)
    bad: int = 0
    quarantine: str = ""
    bad_example: BadRow | None = None


@dataclass(frozen=True)
class _Done:
    kinds: Mapping[str, Kind]
    bad: Sequence[BadRow]
    pieces: Sequence[Piece] | None


def ingest(unit: Unit, job: Job) -> Result:
    """Do a unit of work.

    Raises:
        HeadraceError: a bad row under policy ``fail``, or more than the limit.
    """
    split = job.splits[unit.split]
    # Each attempt at a unit writes other files; only those of the one that counts are kept.
    name = f"{unit.split}-{unit.order[0]:05d}-{unit.order[1]:05d}-{uuid.uuid4().hex[:12]}"
    writer = ShardWriter(job.staging, name, job.open_shard, split.features.kinds, job.shard_bytes)
    quarantine = _Quarantine(posixpath.join(job.staging, f"{name}-quarantine"), job.bad_rows)
    kinds: Mapping[str, Kind] = split.features.kinds
    for done in _in_order(unit.pieces, split, job):
        quarantine.take(done.bad)
        kinds = widest([kinds, done.kinds])
        if done.pieces is not None:
            for piece in done.pieces:
                writer.write(piece)
    writer.close()
    quarantine.close()
    return Result(
        unit.split,
        unit.order,
        kinds,
        dict(kinds) != dict(split.features.kinds),
        tuple(writer.finished),
        quarantine.count,
        quarantine.path if quarantine.is_written else "",
        quarantine.last,
    )


def _in_order(pieces: Sequence[Range], split: SplitJob, job: Job) -> Iterator[_Done]:
    """Blocks done by threads, in the order of the files; a few ahead of the one that is written."""
    waiting: deque[Future[_Done]] = deque()
    seen = _Seen(split.features)
    with ThreadPoolExecutor(job.threads) as pool:
        try:
            for block in chain.from_iterable(map(split.source.blocks, pieces)):
                waiting.append(pool.submit(_block, block, split, job, seen))
                if len(waiting) > job.threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _block(block: Any, split: SplitJob, job: Job, seen: _Seen) -> _Done:
    decoded = split.source.decode(block, seen.features)
    seen.add(decoded.kinds)
    if seen.widened:
        return _Done(decoded.kinds, decoded.bad, None)
    return _Done(decoded.kinds, decoded.bad, job.output.pieces(decoded, split.plan))


class _Seen:
    """The kinds seen so far in a unit. Once wider than was known, nothing more is encoded."""

    def __init__(self, features: Features) -> None:
        self.features = features
        self.widened = False

    def add(self, kinds: Mapping[str, Kind]) -> None:
        if dict(kinds) != dict(self.features.kinds):
            # Two threads may each put their own here; what one loses is in its block's result.
            self.features = Features(widest([self.features.kinds, kinds]), self.features.given)
            self.widened = True


class _Quarantine:
    """Takes bad rows as the policy says."""

    def __init__(self, path: str, policy: BadRows) -> None:
        self.path = path
        self.count = 0
        self.last: BadRow | None = None
        self._policy = policy
        self._file: Any = None

    @property
    def is_written(self) -> bool:
        return self._file is not None

    def take(self, bad: Sequence[BadRow]) -> None:
        if not bad:
            return
        if self._policy.policy is Policy.FAIL:
            raise bad[0].error()
        self.count += len(bad)
        self.last = bad[-1]
        self._policy.check(self.count, self.last)
        if self._policy.policy is Policy.QUARANTINE:
            self._file = self._file or created(self.path)
            self._file.write(b"".join(row.as_json() for row in bad))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
