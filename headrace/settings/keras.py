"""Which Keras a pipeline runs with."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

VARIABLE = "TF_USE_LEGACY_KERAS"
"""What TensorFlow reads when ``tf.keras`` is first used in a process."""


class Keras(str, Enum):
    """The major version of Keras that ``tf.keras`` is."""

    TWO = "2"
    THREE = "3"

    @property
    def environ(self) -> dict[str, str]:
        """Environment variables that make TensorFlow choose this version.

        Never left unset: ``tensorflow_transform`` would then set it when it is imported, so that
        the version depended on what was imported first, and was another one on Beam's workers.
        """
        return {VARIABLE: "1" if self is Keras.TWO else "0"}


def keras_of(environ: Mapping[str, str]) -> Keras | None:
    """The version that environment variables choose, as TensorFlow reads them, if they do."""
    value = environ.get(VARIABLE)
    if not value:
        return None
    return Keras.TWO if value in ("1", "true", "True") else Keras.THREE
