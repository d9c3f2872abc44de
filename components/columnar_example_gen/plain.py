"""Arrow's many layouts of the same values as one of each, which everything else here knows."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_STORED = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}


def is_list(of: pa.DataType) -> bool:
    """Whether values of a type are lists, of one of the plain layouts."""
    return bool(
        pa.types.is_list(of) or pa.types.is_large_list(of) or pa.types.is_fixed_size_list(of)
    )


def plain_type(of: pa.DataType) -> pa.DataType:
    """The type without dictionaries, views, runs, and names that an application gave it."""
    if isinstance(of, pa.BaseExtensionType):
        return plain_type(of.storage_type)
    if pa.types.is_dictionary(of) or pa.types.is_run_end_encoded(of):
        return plain_type(of.value_type)
    if pa.types.is_list_view(of) or pa.types.is_large_list_view(of):
        return pa.large_list(plain_type(of.value_type))
    if is_list(of) and plain_type(of.value_type) != of.value_type:
        return pa.large_list(plain_type(of.value_type))
    return _STORED.get(of, of)


def plain(array: pa.Array) -> pa.Array:
    """The same values, of the plain type."""
    if isinstance(array, pa.ExtensionArray):
        return plain(array.storage)
    if pa.types.is_run_end_encoded(array.type):
        return plain(pc.run_end_decode(array))
    wanted = plain_type(array.type)
    return array if wanted == array.type else array.cast(wanted)
