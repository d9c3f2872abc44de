"""The order in which protocol buffers' deterministic serialization puts features.

It is by name, but where one name begins with another the longer one may come first: that is the
implementation's choice. So the implementation is asked.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator


@functools.lru_cache(maxsize=64)
def serialized_order(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names in the order of their features in a serialized tf.Example."""
    # Here, since it imports TensorFlow, which describing a stream does not need.
    from tensorflow.core.example import feature_pb2

    features = feature_pb2.Features()
    for name in names:
        features.feature[name].SetInParent()
    return tuple(_keys(features.SerializeToString(deterministic=True)))


def _keys(data: bytes) -> Iterator[str]:
    place = 0
    while place < len(data):
        length, place = _varint(data, place + 1)
        end = place + length
        key_length, key = _varint(data, place + 1)
        yield data[key : key + key_length].decode()
        place = end


def _varint(data: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
        shift += 7
