"""Records of delimited text whose quotes or carriage returns stand where they cannot.

Records are cut at line breaks outside of quotes, by the number of quotes before each. Arrow's
parser, as Python's, takes a quote inside an unquoted field for a character, and so can see other
records. Both see the same where every quote opens a field, closes one, or is doubled inside of one;
that is looked at for all quotes of a block at once, and only records with another are looked at
singly.
"""

from __future__ import annotations

import functools
import re

import numpy as np

from .arrays import Array

_STRAY_QUOTE = "a quote is never closed, or stands inside a field that is not quoted"
_STRAY_RETURN = "a carriage return without a line feed, outside of quotes"


def misplaced(
    data: bytes, starts: Array, ends: Array, delimiter: str, quote: str
) -> dict[int, str]:
    """The records that cannot be told apart, or not into fields, and why."""
    characters: Array = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(characters == ord(quote)) if quote else np.zeros(0, np.int64)
    found = dict.fromkeys(_records(starts, _returns(characters, quotes)), _STRAY_RETURN)
    if not len(quotes):
        return found
    fits = _fields(delimiter, quote).fullmatch
    for record in _records(starts, _stray(characters, quotes, ord(delimiter), ord(quote))):
        if not fits(data[starts[record] : ends[record]].rstrip(b"\r\n")):
            found[record] = _STRAY_QUOTE
    return found


def _records(starts: Array, places: Array) -> list[int]:
    """The records that places are in."""
    return np.unique(np.searchsorted(starts, places, side="right") - 1).tolist()  # type: ignore[no-any-return]


def _returns(characters: Array, quotes: Array) -> Array:
    """Carriage returns, outside of quotes, after which a record goes on.

    One or more before a line feed, or at the end of all, are a line break.
    """
    places = np.flatnonzero(characters[:-1] == ord("\r"))
    lone = places[characters[places + 1] != ord("\n")]
    if len(lone):
        others = np.append(np.flatnonzero(characters != ord("\r")), len(characters))
        following = others[np.searchsorted(others, lone)]
        last = np.append(characters, ord("\n"))[following]
        lone = lone[last != ord("\n")]
    return lone[np.searchsorted(quotes, lone) & 1 == 0]


def _stray(characters: Array, quotes: Array, delimiter: int, quote: int) -> Array:
    """Quotes that neither open a field, nor close one, nor are doubled; and one that is left open.

    Counted from the first, every other one opens.
    """
    edge = np.array([ord("\n")], np.uint8)
    around = np.concatenate((edge, characters, edge))
    allowed = np.zeros(256, bool)
    allowed[[delimiter, quote, ord("\n"), ord("\r")]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    return np.concatenate(
        (
            opening[~allowed[around[opening]]],
            closing[~allowed[around[closing + 2]]],
            opening[len(closing) :],
        )
    )


@functools.lru_cache(maxsize=8)
def _fields(delimiter: str, quote: str) -> re.Pattern[bytes]:
    """Fields as Python's csv reads them: what follows a closed quote belongs to the field."""
    d, q = re.escape(delimiter), re.escape(quote)
    field = f"(?:{q}[^{q}]*(?:{q}{q}[^{q}]*)*{q}(?!{q})|(?!{q}))[^{d}\\r\\n]*"
    return re.compile(f"{field}(?:{d}{field})*".encode(), re.DOTALL)
