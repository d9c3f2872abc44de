"""A stream of arriving files becomes complete, immutable spans of tf.Examples."""

from .stream import FileStream

__all__ = ["FileStream"]
