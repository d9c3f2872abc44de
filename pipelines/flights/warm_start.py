"""What a model leaves for the training of the next, and how the next begins with it."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

FILE = os.path.join("assets.extra", "warm_start.npz")
"""Beside the SavedModel's own files, where those who serve it do not look."""


@dataclass(frozen=True)
class Layout:
    """How the rows of a network's table are laid out; each run of Transform has its own.

    Attributes:
        network: name of the network.
        sizes: rows of each indexed feature, in the order of the table.
        terms: the known values of each category, by index; one more row is for the others.
    """

    network: str
    sizes: Mapping[str, int]
    terms: Mapping[str, Sequence[str]]

    @property
    def rows(self) -> int:
        """Of the whole table."""
        return sum(self.sizes.values())


def save(model: keras.Model, layout: Layout, directory: str) -> None:
    """Write the weights and their layout into a SavedModel's directory."""
    path = os.path.join(directory, FILE)
    tf.io.gfile.makedirs(os.path.dirname(path))
    fields = {"network": layout.network, "sizes": dict(layout.sizes), "terms": dict(layout.terms)}
    arrays = {f"weight_{place}": np.asarray(one) for place, one in enumerate(model.get_weights())}
    content = io.BytesIO()  # npz is written with seeks, which no object store has
    np.savez(content, layout=np.array(json.dumps(fields)), **arrays)
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(content.getvalue())


def begin_with(model: keras.Model, layout: Layout, directory: str) -> str:
    """Give a model the weights of an earlier one, and say what became of it.

    Rows of the table go by the value that they are for, since a vocabulary's order changes with the
    data; a value that the earlier model did not know keeps its fresh row.
    """
    path = os.path.join(directory, FILE)
    if not tf.io.gfile.exists(path):
        return f"Cold start: {directory} has no weights to begin with"
    with tf.io.gfile.GFile(path, "rb") as file:
        stored: Any = np.load(io.BytesIO(file.read()))
    before = Layout(**json.loads(str(stored["layout"])))
    weights = [stored[f"weight_{place}"] for place in range(len(stored.files) - 1)]
    fresh = model.get_weights()
    if before.network != layout.network or len(weights) != len(fresh):
        return f"Cold start: the model in {directory} is another network, {before.network}"
    is_table = [layout.rows == len(new) for new in fresh]
    if before != layout and not any(is_table):
        return f"Cold start: the model in {directory} has other vocabularies"
    to, of = _rows(before, layout)
    for place, (old, new) in enumerate(zip(weights, fresh, strict=True)):
        if is_table[place] and len(old) == before.rows:
            new[to] = old[of]
        elif old.shape == new.shape:
            fresh[place] = old
    model.set_weights(fresh)
    return f"Warm start: {len(to)} of {layout.rows} rows, from {directory}"


def _rows(before: Layout, after: Layout) -> tuple[list[int], list[int]]:
    """Pairs of rows of one meaning: in the new table, and in the old one."""
    to: list[int] = []
    of: list[int] = []
    first = dict(zip(before.sizes, np.cumsum([0, *before.sizes.values()]).tolist(), strict=False))
    start = 0
    for name, size in after.sizes.items():
        known = before.sizes.get(name)
        if known is not None and name in after.terms:
            old = {term: index for index, term in enumerate(before.terms[name])}
            pairs = [(i, old[term]) for i, term in enumerate(after.terms[name]) if term in old]
            pairs.append((size - 1, known - 1))
        else:
            pairs = [(index, index) for index in range(size)] if known == size else []
        to += [start + here for here, _ in pairs]
        of += [first[name] + there for _, there in pairs]
        start += size
    return to, of
