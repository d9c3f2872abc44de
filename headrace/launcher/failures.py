"""Turns an exception of a node into what its user needs: their line first, the rest behind it."""

from __future__ import annotations

import re
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path

import headrace
from headrace.errors import HeadraceError
from headrace.launcher.hints import hint_on
from headrace.launcher.protocol import ErrorFrame

_FRAME = re.compile(r'File "([^"]+)", line (\d+)')
_WHILE_RUNNING = re.compile(r"\s*\[while running '[^']*'\]")
_TRACEBACK = re.compile(
    r"Traceback \(most recent call last\):\n"
    r"(?:(?:[ \t][^\n]*)?\n)+"
    r"(?P<kind>[A-Za-z_][\w.]*): (?P<text>[^\n]*)"
)
_TOLD = re.compile(r"(?P<kind>[A-Z]\w*(?:Error|Exception)): (?P<text>.*)", re.DOTALL)
_LONGEST_TEXT = 800
_LIBRARIES = tuple(
    {
        str(Path(sysconfig.get_paths()[name]).resolve())
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
    }
)
_OWN = str(Path(headrace.__file__).resolve().parent)


class CarriedTraceback(Exception):
    """What Python prints as the cause of a ``CarriedError`` that nobody catches."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}\n"""'


class CarriedError(Exception):
    """An exception of another process, carried here as text.

    Attributes:
        error_type: name of its class, without its module.
        text: its message.
        traceback: Python's traceback, as that process wrote it.
    """

    def __init__(self, error_type: str, text: str, traceback: str, step: str = "") -> None:
        """``step`` is the step of a Beam pipeline that it was raised in."""
        super().__init__(f"{error_type}: {text}{f' [in step {step!r}]' if step else ''}")
        self.error_type = error_type
        self.text = text
        self.traceback = traceback
        self.__cause__ = CarriedTraceback(traceback)


def describe(raised: BaseException, node: str = "") -> ErrorFrame:
    """Return the error frame of an exception.

    A user's mistake that headrace found itself has no traceback. Anything else names the deepest
    line of the user's own code, also where Beam or TensorFlow carried it through another thread or
    process as text.
    """
    prefix = f"node {node}: " if node else ""
    if isinstance(raised, HeadraceError):
        return ErrorFrame(
            error_type=type(raised).__name__,
            message=f"{prefix}{raised.message}",
            hint=raised.hint,
            transient=bool(getattr(raised, "transient", False)),
        )
    origin = _origin(raised)
    carried = origin if isinstance(origin, CarriedError) else None
    if carried is not None:
        carried.__cause__ = None  # its traceback comes first here
    kind = carried.error_type if carried else type(origin).__name__
    kind, text = _innermost(kind, carried.text if carried else str(origin))
    place = _user_place(raised)
    where = f"{place[0]}:{place[1]}: " if place else ""
    trace = "".join(traceback.format_exception(type(raised), raised, raised.__traceback__))
    return ErrorFrame(
        error_type=kind,
        message=f"{prefix}{where}{kind}: {_shortened(text) or 'no message'}",
        hint=hint_on(text),
        traceback=f"{carried.traceback}\n\n{trace}" if carried else trace,
        transient=_is_transient(origin),
    )


def _innermost(kind: str, text: str) -> tuple[str, str]:
    """The exception that a text tells of: TensorFlow and Beam put one into another's message."""
    text = _WHILE_RUNNING.sub("", text).strip()
    tracebacks = list(_TRACEBACK.finditer(text))
    if tracebacks:
        last = tracebacks[-1]
        return last["kind"].rpartition(".")[2], last["text"].strip()
    told = _TOLD.fullmatch(text)
    return (told["kind"], told["text"]) if told and kind == "RuntimeError" else (kind, text)


def _shortened(text: str) -> str:
    """The beginning of a long text; all of it is in the traceback."""
    if len(text) <= _LONGEST_TEXT:
        return text
    lines = text[:_LONGEST_TEXT].splitlines()
    return "\n".join(lines[:-1] or lines).rstrip() + " ..."


def _origin(raised: BaseException) -> BaseException:
    """The exception that started it: the end of the chain of explicit causes."""
    seen: set[int] = set()
    while raised.__cause__ is not None and id(raised) not in seen:
        if isinstance(raised, CarriedError):
            break
        seen.add(id(raised))
        raised = raised.__cause__
    return raised


def _user_place(raised: BaseException) -> tuple[str, int] | None:
    places = [place for place in _places(raised) if _is_users(place[0])]
    return places[-1] if places else None


def _places(raised: BaseException) -> Iterator[tuple[str, int]]:
    """Every (file, line) of the exception, outermost first, those told in its text last."""
    chain: list[BaseException] = []
    current: BaseException | None = raised
    while current is not None and all(current is not known for known in chain):
        chain.append(current)
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    for link in chain:
        for frame in traceback.extract_tb(link.__traceback__):
            yield frame.filename, frame.lineno or 0
    for link in chain:
        told = link.traceback if isinstance(link, CarriedError) else str(link)
        for file, line in _FRAME.findall(told):
            yield file, int(line)


def _is_users(file: str) -> bool:
    # Compiled parts of Beam name themselves by a path that leads nowhere.
    if not file.endswith(".py") or file.startswith(("<", "apache_beam/")):
        return False
    path = str(Path(file).resolve())
    if "/site-packages/" in path or path.startswith(tuple(f"{place}/" for place in _LIBRARIES)):
        return False
    return not path.startswith(f"{_OWN}/") and not path.startswith(f"{sys.base_prefix}/lib/")


def _is_transient(raised: BaseException) -> bool:
    name = type(raised).__name__
    return name in ("AbortedError", "UnavailableError") or isinstance(raised, ConnectionError)
