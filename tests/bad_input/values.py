"""Texts, bytes and JSON as nobody should write them, and documents with something wrong in them."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

ODD_TEXTS = (
    "",
    " ",
    "\0",
    "\n",
    "\ufeff",
    "\ud800",
    "\udcff",
    "..",
    "/",
    "~",
    "~nobody-of-that-name",
    "~nobody-of-that-name/x",
    "%",
    "%zz",
    "{}",
    "{{ x }}",
    "$HOME",
    "'",
    '"',
    "\\",
    "é" * 300,
    "x" * 5000,
    "9" * 5000,
    "-1",
    "0",
    "00",
    "1e999",
    "nan",
    "inf",
    "0x10",
    "1_000",
    "٣",
    "true",
    "none",
    "null",
    "__class__",
    "[",
    "http://[",
    "a:b:c",
)
ODD_NUMBERS = (
    0,
    -1,
    1.5,
    2**31,
    2**63,
    -(2**63) - 1,
    10**400,
    1e308,
    float("inf"),
    float("-inf"),
    float("nan"),
)
DEEP = 20_000
"""So deep is what is nested as if without end."""

odd_text = st.sampled_from(ODD_TEXTS) | st.text(max_size=12)
short_text = st.text("ab:/=@.%[]?#&{}~ \t\n\"'\\é\0", max_size=12) | odd_text
scalar = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(ODD_NUMBERS)
    | odd_text
)
json_value = st.recursive(
    scalar,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_text, inner, max_size=3),
    max_leaves=6,
)
nested_bytes = st.sampled_from((b"[" * DEEP, b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP))
odd_bytes = (
    st.binary(max_size=64)
    | nested_bytes
    | st.sampled_from((b"", b"\0", b"null", b"[]", b"{}", b"1", b'"a"', b"\xff\xfe{\0}\0"))
    | json_value.map(lambda value: json.dumps(value).encode())
)


@st.composite
def changed(draw: st.DrawFn, document: Any, most: int = 3) -> Any:
    """A JSON document in which a few values are others, gone, or stand where they should not."""
    found = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, most))):
        found = _with_change(draw, found)
    return found


def _with_change(draw: st.DrawFn, document: Any) -> Any:
    places = list(_places(document))
    if not places:
        return draw(json_value)
    holder, key = draw(st.sampled_from(places))
    what = draw(st.sampled_from(("value", "remove", "kind", "extra", "copy")))
    if what == "value":
        holder[key] = draw(json_value)
    elif what == "remove":
        del holder[key]
    elif what == "kind":
        holder[key] = _of_another_kind(holder[key])
    elif what == "copy":
        other, other_key = draw(st.sampled_from(places))
        holder[key] = copy.deepcopy(other[other_key])
    elif isinstance(holder, dict):
        holder[draw(odd_text)] = draw(json_value)
    else:
        holder.append(draw(json_value))
    return document


def _places(document: Any) -> Any:
    """Every value in a document, as what holds it and where there."""
    keys: Any = ()
    if isinstance(document, dict):
        keys = list(document)
    elif isinstance(document, list):
        keys = range(len(document))
    for key in keys:
        yield document, key
        yield from _places(document[key])


def _of_another_kind(value: Any) -> Any:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return {str(index): one for index, one in enumerate(value)}
    if isinstance(value, str):
        return len(value)
    return str(value)


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Bytes that are cut off, have other bytes in them, or lack some."""
    what = draw(st.sampled_from(("cut", "bytes", "lack", "twice", "bits")))
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + 200)))
    if what == "cut":
        return data[:start]
    if what == "bytes":
        return data[:start] + draw(st.binary(max_size=16)) + data[end:]
    if what == "lack":
        return data[:start] + data[end:]
    if what == "twice":
        return data[:end] + data[start:]
    changed_bytes = bytearray(data)
    for place in draw(st.lists(st.integers(0, max(len(data) - 1, 0)), max_size=8)):
        if changed_bytes:
            changed_bytes[place] ^= 1 << draw(st.integers(0, 7))
    return bytes(changed_bytes)
