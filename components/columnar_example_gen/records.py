"""Serialized examples that are passed on as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

from headrace.errors import HeadraceError

from .arrays import Array


@dataclass(frozen=True)
class Records:
    """Records of a block.

    Attributes:
        messages: the same records, parsed; None where nobody knows what they are.
    """

    payloads: Sequence[bytes]
    messages: Sequence[Any] | None

    def where(self, mask: Array) -> Records:
        """Those of a mask."""
        kept = mask.tolist()
        messages = None if self.messages is None else list(compress(self.messages, kept))
        return Records(list(compress(self.payloads, kept)), messages)

    def keys(self, feature: str) -> Sequence[bytes]:
        """What TFX takes the hash of that decides a record's split.

        Args:
            feature: that decides; empty where the whole record does.

        Raises:
            HeadraceError: the feature cannot decide.
        """
        if feature:
            return [_of_feature(message, feature) for message in self._known(feature)]
        if self.messages is None:
            return self.payloads
        return [message.SerializeToString(deterministic=True) for message in self.messages]

    def _known(self, feature: str) -> Sequence[Any]:
        if self.messages is None:
            raise HeadraceError(
                f"partition_feature_name of output_config names {feature!r}, but records of "
                "FORMAT_PROTO have no features"
            )
        return self.messages


def _of_feature(message: Any, name: str) -> bytes:
    features = getattr(message, "features", None) or message.context
    where = f"partition_feature_name of output_config names {name!r}, which"
    if name not in features.feature:
        raise HeadraceError(f"{where} some record does not have")
    feature = features.feature[name]
    kind = feature.WhichOneof("kind")
    if kind is None:
        raise HeadraceError(f"{where} has no value in some record")
    if kind == "float_list":
        raise HeadraceError(
            f"{where} is of kind FLOAT", "only features of kind INT and BYTES decide a split"
        )
    return bytes(feature.SerializeToString(deterministic=True))
