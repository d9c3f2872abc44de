"""How many records at a time StatisticsGen and Transform compute with: by bytes, never by time."""

from __future__ import annotations

from absl import flags

_BY_BYTES = "tfxio_use_byte_size_batching"
_COMPUTING = (
    "tfx.components.statistics_gen.",
    "tfx.components.transform.",
)
"""Nodes that sum over records. Those that run a model keep batches that Beam tunes by time: how
many records a model can take at once nobody else knows."""


def batch_by_bytes(class_path: str) -> None:
    """Let this node's batches be of 20 MiB or 8,192 records, if it is one that computes with them.

    By default Beam grows batches as long as they take less than a second, up to 1,000 records. What
    is summed in another order differs in its last digits, so no two runs over the same data agree
    to the last digit, on one runner or on two. ``tfx_bsl`` has this flag for that; one that the
    user's code has set stays.
    """
    if not class_path.startswith(_COMPUTING):
        return
    from tfx_bsl.coders import batch_util  # noqa: F401, it defines the flag

    flags.FLAGS.set_default(_BY_BYTES, True)
