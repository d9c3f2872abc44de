"""Values on the command line."""

from __future__ import annotations

import argparse
import contextlib
import json
from datetime import date, datetime
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


def day(text: str) -> date:
    """Read a day as ``2013-01-05`` or ``20130105``.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    for form in ("%Y-%m-%d", "%Y%m%d"):
        with contextlib.suppress(ValueError):
            return datetime.strptime(text, form).date()
    raise argparse.ArgumentTypeError(f"{text!r} is not a day, as 2013-01-05 is")


def raw_parameter(text: str) -> tuple[str, str]:
    """Read ``name=value``, the value as it was typed.

    Raises:
        argparse.ArgumentTypeError: there is no ``=``, or no name before it.
    """
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value
