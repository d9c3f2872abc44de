"""Values on the command line."""

from __future__ import annotations

import argparse
import json
from typing import Any


def parameter(text: str) -> tuple[str, Any]:
    """Read ``name=value``; a number, true or false is one, anything else is text.

    Quotes make a text of what looks like a number: ``name='"7"'``.

    Raises:
        argparse.ArgumentTypeError: there is no ``=``, or no name before it.
    """
    name, value = raw_parameter(text)
    try:
        read = json.loads(value)
    except ValueError:
        return name, value
    return name, read if isinstance(read, (int, float, bool, str)) else value


def count(text: str) -> int:
    """Read a whole number that is not negative.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 on")
    return number


def raw_parameter(text: str) -> tuple[str, str]:
    """Read ``name=value``, the value as it was typed.

    Raises:
        argparse.ArgumentTypeError: there is no ``=``, or no name before it.
    """
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value
