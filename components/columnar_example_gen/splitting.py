"""Which split a row goes to: TFX's own hash, over whole batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from .arrays import Array

_DIGEST_WORDS = 8
# Digests of so many keys at a time: what they leave in memory is still in the cache.
_CHUNK = 1024
_digest = type(sha256()).digest


@dataclass(frozen=True)
class SplitPlan:
    """How the rows of one input split become output splits.

    Attributes:
        names: the output splits.
        buckets: hash buckets of each; empty for a single output split that takes every row.
        feature: the feature that decides; empty where the whole row does.
    """

    names: tuple[str, ...]
    buckets: tuple[int, ...] = ()
    feature: str = ""

    @property
    def is_hashed(self) -> bool:
        """Whether a hash decides: with one split it would always say the same."""
        return len(self.names) > 1


def places(plan: SplitPlan, keys: Sequence[bytes]) -> Array:
    """For each key the index of its split."""
    chunks = (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK))
    joined = b"".join(b"".join(map(_digest, map(sha256, chunk))) for chunk in chunks)
    words = np.frombuffer(joined, ">u4").reshape(-1, _DIGEST_WORDS).astype(np.uint64)
    total = np.uint64(sum(plan.buckets))
    bucket = np.zeros(len(words), np.uint64)
    # The digest is one number of 256 bits; its remainder is taken 32 bits at a time.
    for word in range(_DIGEST_WORDS):
        bucket = ((bucket << np.uint64(32)) | words[:, word]) % total
    return np.searchsorted(np.cumsum(plan.buckets), bucket.astype(np.int64), side="right")
