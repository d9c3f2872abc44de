"""A split of Examples as columns: decoded by tfx_bsl in C++, never row by row in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.components.util import examples_utils, tfxio_utils
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx_bsl.public import tfxio

from headrace.errors import HeadraceError

from .columns import Column, Gathering, own_order
from .fields import Kind

_ROWS_AT_ONCE = 16384


def read_split(
    examples: Sequence[types.Artifact],
    split: str,
    schema: schema_pb2.Schema,
    wanted: Mapping[str, Kind],
) -> dict[str, Column]:
    """Read the wanted features of a split, of all artifacts, in an order of the rows' own.

    Raises:
        HeadraceError: there is no such split, it has no rows, or rows do not fit into columns.
    """
    _check(examples, split)
    factory = tfxio_utils.get_record_batch_factory_from_artifact(list(examples), ["ForestTrainer"])
    narrow = schema_pb2.Schema(feature=[one for one in schema.feature if one.name in wanted])
    options = tfxio.RecordBatchesOptions(
        batch_size=_ROWS_AT_ONCE, drop_final_batch=False, num_epochs=1, shuffle=False
    )
    gathering = {name: Gathering(name, kind) for name, kind in wanted.items()}
    rows = 0
    for pattern in examples_utils.get_split_file_patterns(list(examples), split):
        for batch in factory(pattern, options, narrow):
            rows += batch.num_rows
            present = dict(zip(batch.schema.names, batch.columns, strict=True))
            for name, values in gathering.items():
                values.add(present.get(name), batch.num_rows)
    if not rows:
        raise HeadraceError(f"split {split!r} of the examples has no rows")
    columns = {name: values.column() for name, values in gathering.items()}
    order = own_order(columns)
    return {name: column.take(order) for name, column in columns.items()}


def _check(examples: Sequence[types.Artifact], split: str) -> None:
    for artifact in examples:
        names = artifact_utils.decode_split_names(artifact.split_names)
        if split not in names:
            raise HeadraceError(f"the examples have no split {split!r}", f"they have {names}")
        payload = examples_utils.get_payload_format(artifact)
        if payload != example_gen_pb2.FORMAT_TF_EXAMPLE:
            name = example_gen_pb2.PayloadFormat.Name(payload)
            raise HeadraceError(f"the examples are {name}; a forest is trained on tf.Examples")
