"""A text with its label and score, and what is summed over many of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from headrace.errors import HeadraceError

_MILLION = 1_000_000
_BREAKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Columns:
    """Names of the features of a scored example."""

    text: str
    label: str
    score: str


class Scored(NamedTuple):
    """One text.

    Attributes:
        millionths: the score. Whole numbers give one sum, in whatever order workers add them.
    """

    label: str
    text: str
    millionths: int

    def line(self) -> str:
        """Score, label and text, apart by tabs."""
        return f"{_decimal(self.millionths)}\t{self.label}\t{_BREAKS.sub(' ', self.text)}"


class Sums(NamedTuple):
    """Over the texts of one key."""

    texts: int
    positive: int
    """How many of them have a score of at least the threshold."""
    millionths: int

    def line(self, key: str) -> str:
        """Key, texts, positive ones and mean score, apart by tabs."""
        mean = _decimal(round(self.millionths / self.texts))
        return f"{key}\t{self.texts}\t{self.positive}\t{mean}"


def scored(serialized: bytes, columns: Columns) -> Scored:
    """Read a scored tf.Example.

    Raises:
        HeadraceError: a feature is missing.
    """
    features = tf.train.Example.FromString(serialized).features.feature
    for name in (columns.text, columns.label, columns.score):
        kind = "float_list" if name == columns.score else "bytes_list"
        if len(getattr(features[name], kind).value) != 1:
            raise HeadraceError(
                f"a scored example has no {name!r} of one value",
                f"features: {', '.join(sorted(features))}",
            )
    label, text = (
        features[name].bytes_list.value[0].decode("utf-8", "replace")
        for name in (columns.label, columns.text)
    )
    return Scored(label, text, round(features[columns.score].float_list.value[0] * _MILLION))


def sums_of(one: Scored, threshold: float) -> Sums:
    """Of a single text."""
    return Sums(1, int(one.millionths >= threshold * _MILLION), one.millionths)


def words(text: str, pattern: str) -> list[str]:
    """The different words of a text in small letters, in their order."""
    return list(dict.fromkeys(re.findall(pattern, text.lower())))


def _decimal(millionths: int) -> str:
    return f"{millionths / _MILLION:.6f}"
