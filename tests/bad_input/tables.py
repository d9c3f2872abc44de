"""Delimited text and JSON lines, well written and not, and what Python's readers see in them."""

from __future__ import annotations

import codecs
import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.bad_input.values import damaged, json_value, nested_bytes, odd_text

NUMBERS = ["1", "-7", "+5", " 8 ", "1_000", "0x1F", "007", "1e5", ".5", "nan", "1e400", "1 2", "٣"]
NUMBERS += ["-Infinity", "nan(1)", "9223372036854775807", "9223372036854775808", "9" * 30]
PIECES = [b"\xff", b"\xed\xa0\x80", b"\xc3", b"\0", b"\xf4\x90\x80\x80", b"\xed\xb3\xbf", b"\r"]
PIECES += [b"\n", b'"', b",", b"\xef\xbb\xbf", b"\x1a", b"\x85", "\u2028".encode(), b"\x0b"]

DIALECTS = [(",", '"'), ("\t", '"'), (";", "'"), ("|", ""), (" ", '"')]

_NEXT = "next"

cell = st.sampled_from(NUMBERS) | st.text('ab1 ,;|"\t\n\ré', max_size=6)
cell |= odd_text.map(lambda text: text[:40])
simple_name = st.text("abcé", min_size=1, max_size=3)
line_end = st.sampled_from(("\n", "\r\n"))


def encoded(text: str) -> bytes:
    """As UTF-8; what is no character becomes bytes that are none."""
    return text.encode("utf-8", "surrogatepass")


@st.composite
def delimited(draw: st.DrawFn, delimiter: str = ",", quote: str = '"') -> bytes:
    """A file of delimited text: well written, damaged, or hardly one."""
    names = draw(st.lists(simple_name, min_size=1, max_size=3, unique=True))
    header = encoded(delimiter.join(names) + draw(line_end))
    shape = draw(st.sampled_from(("rows", "rows", "damaged", "soup", "pieces", "cells")))
    if shape in ("rows", "damaged"):
        written = header + encoded(draw(_rows(len(names), delimiter, quote)))
        return written if shape == "rows" else draw(damaged(written))
    if shape == "cells":
        widths = st.lists(st.sampled_from([*NUMBERS, "", "x"]), min_size=1, max_size=len(names) + 1)
        lines = draw(st.lists(widths.map(delimiter.join), max_size=8))
        return header + encoded("\n".join(lines))
    if shape == "soup":
        return header + encoded(draw(st.text(f"ab1{delimiter}{quote}{quote}\n\r é", max_size=24)))
    some = st.sampled_from(PIECES) | st.binary(max_size=4) | cell.map(encoded)
    return draw(st.sampled_from((header, b"", b"\n", b'"'))) + b"".join(
        draw(st.lists(some, max_size=8))
    )


@st.composite
def _rows(draw: st.DrawFn, width: int, delimiter: str, quote: str) -> str:
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width), max_size=6))
    if not quote:
        clean = str.maketrans("", "", f"{delimiter}{quote}\r\n")
        return "".join(
            delimiter.join(one.translate(clean) for one in row) + draw(line_end) for row in rows
        )
    text = io.StringIO(newline="")
    quoting = draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)))
    csv.writer(
        text, delimiter=delimiter, quotechar=quote, quoting=quoting, lineterminator=draw(line_end)
    ).writerows(rows)
    return text.getvalue()


@dataclass(frozen=True)
class Record:
    """One record of a file; ``cells`` is None for one that is no row."""

    line: int
    cells: tuple[str, ...] | None


def records(data: bytes, quote: bytes) -> Iterator[tuple[int, bytes]]:
    """Line and bytes of each record: it ends at the line at whose end its quotes are even."""
    held, begun = b"", 1
    for number, line in enumerate(io.BytesIO(data), start=1):
        begun = begun if held else number
        held += line
        if not quote or held.count(quote) % 2 == 0:
            yield begun, held
            held = b""
    if held:
        yield begun, held


def csv_records(data: bytes, delimiter: str, quote: str) -> list[Record]:
    """What Python's reader of CSV sees, the header among it; blank records are none.

    A record that it takes for several rows, or does not see the end of, is no row, and neither is
    one that is no text. Carriage returns that end one are its line break's, which a reader of the
    whole file takes for blank records after it.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    found = []
    for line, record in records(data, quote.encode()):
        bare = record.removesuffix(b"\n").rstrip(b"\r")
        if bare:
            found.append(Record(line, _cells(bare, delimiter, quote)))
    return found


def _cells(record: bytes, delimiter: str, quote: str) -> tuple[str, ...] | None:
    try:
        text = record.decode()
    except UnicodeDecodeError:
        return None
    how = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    # If a quote is left open, the line that follows belongs to the record.
    source = io.StringIO(f"{text}\n{_NEXT}", newline="")
    try:
        row, following = csv.reader(
            source, delimiter=delimiter, quotechar=quote or None, quoting=how
        )
    except (ValueError, csv.Error):
        return None
    return tuple(row) if following == [_NEXT] else None


json_name = st.sampled_from(("a", "b", "c", "a.b", "")) | odd_text.map(lambda text: text[:20])
json_number = st.integers(-(2**63), 2**63 - 1) | st.floats()
json_cell = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | json_number
    | cell
    | st.sampled_from(("2020-01-01", "2020-01-01T00:00:00Z"))
    | st.integers(2**63, 2**70)
)


@st.composite
def json_lines(draw: st.DrawFn) -> bytes:
    """A file of JSON lines: of objects that agree, of others, damaged, or hardly one."""
    shape = draw(st.sampled_from(("agree", "agree", "damaged", "mixed", "pieces")))
    if shape == "pieces":
        some = st.sampled_from(
            [*PIECES, b'{"a": 1}', b'{"a":', b"}", b"[1]", b"1", b'"x"', b"null"]
        )
        some |= nested_bytes
        return b"\n".join(draw(st.lists(some, max_size=6)))
    if shape == "mixed":
        inner = st.dictionaries(json_name, json_cell, max_size=2)
        value = json_cell | json_value | st.lists(json_cell, max_size=3) | inner
        objects = st.dictionaries(json_name, value, max_size=3)
    else:
        kinds = draw(st.lists(st.sampled_from(_AGREEING), min_size=1, max_size=3))
        fields = {f"c{number}": kind for number, kind in enumerate(kinds)}
        objects = st.fixed_dictionaries({}, optional=fields)
    escapes = st.booleans()
    lines = [
        json.dumps(one, ensure_ascii=draw(escapes)) for one in draw(st.lists(objects, max_size=6))
    ]
    data = encoded(draw(line_end).join(lines) + draw(st.sampled_from(("", "\n", "\n\n"))))
    return draw(damaged(data)) if shape == "damaged" else data


_AGREEING: list[st.SearchStrategy[Any]] = [
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-5, 5),
    st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.lists(st.integers(-3, 3), max_size=3) | st.none(),
    st.booleans(),
    st.fixed_dictionaries({}, optional={"x": st.integers(), "y": st.text("ab\n", max_size=3)}),
]


def json_object(line: bytes) -> dict[str, Any] | None:
    """The features of a line of JSON by their names; None for one that is no row."""
    try:
        found = json.loads(line.decode("utf-8-sig"), object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError):
        return None
    return dict(_features(found, "")) if isinstance(found, dict) else None


def is_plain(features: Mapping[str, Any] | None) -> bool:
    """Whether nothing in an object gives a reason to refuse it, whatever the other objects are."""
    return features is not None and all(
        _is_plain_text(name)
        and all(map(_is_plain_value, value if isinstance(value, list) else [value]))
        and not (isinstance(value, list) and None in value)
        for name, value in features.items()
    )


def _is_plain_value(value: Any) -> bool:
    if isinstance(value, str):
        return _is_plain_text(value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return value is None or (isinstance(value, float) and math.isfinite(value))


def _is_plain_text(text: str) -> bool:
    return not any(0xD800 <= ord(one) < 0xE000 for one in text)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)


def _features(found: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in found.items():
        if isinstance(value, dict):
            yield from _features(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
