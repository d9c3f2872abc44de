"""Turns an author's mistake into one clear ``CompileFailure``, with their own file and line."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import headrace.components
from headrace.errors import HeadraceError
from headrace.ir.manifest import CompileFailure

IsProjectFile = Callable[[str], bool]


class CompileError(Exception):
    """The target cannot be compiled, for a reason in the author's files."""

    def __init__(self, failure: CompileFailure, also_read: tuple[Path, ...] = ()) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.also_read = also_read


def error(
    error_type: str, message: str, *, hint: str = "", file: Path | str = "", line: int = 0
) -> CompileError:
    """An error that headrace found itself."""
    return CompileError(CompileFailure(error_type, message, hint, str(file) if file else "", line))


def failure_from(
    raised: BaseException, doing: str, target_file: Path, is_project_file: IsProjectFile
) -> CompileFailure:
    """Describe an exception that the author's code, or TFX called by it, raised.

    The place is the deepest frame in a file of the project; of a mistake that a component of
    headrace's has found, the deepest outside of headrace. The recorded traceback has no source
    lines, which might hold a password.
    """
    frames = traceback.extract_tb(raised.__traceback__)
    own = [frame for frame in frames if is_project_file(frame.filename)]
    if isinstance(raised, HeadraceError):
        own = [frame for frame in own if not _is_headraces(frame.filename)]
    file, line = str(target_file), 0
    if own:
        file, line = own[-1].filename, own[-1].lineno or 0
    if isinstance(raised, SyntaxError) and raised.filename and is_project_file(raised.filename):
        file, line = raised.filename, raised.lineno or 0
    name = type(raised).__name__
    what = "" if isinstance(raised, HeadraceError) else f"{name} "
    return CompileFailure(
        error_type=name,
        message=f"{what}while {doing}: {_text(raised)}",
        hint=_hint(raised),
        file=file,
        line=line,
        traceback="".join(f"{f.filename}:{f.lineno} in {f.name}\n" for f in frames),
    )


def _is_headraces(file: str) -> bool:
    path = Path(os.path.realpath(file))
    places = (*headrace.__path__, *headrace.components.__path__)
    return any(path.is_relative_to(os.path.realpath(place)) for place in places)


def _text(raised: BaseException) -> str:
    if isinstance(raised, HeadraceError):
        return raised.message
    if isinstance(raised, SyntaxError):
        return raised.msg
    if isinstance(raised, SystemExit):
        return f"it called sys.exit({raised.code!r})"
    # A KeyError's text is only the repr of its key; the type in front of it says the rest.
    return str(raised).strip() or "no message"


def _hint(raised: BaseException) -> str:
    text = str(raised)
    if isinstance(raised, HeadraceError):
        return raised.hint
    if isinstance(raised, ModuleNotFoundError):
        return (
            f"is {raised.name!r} spelled right? Packages must be in the TFX environment, "
            "modules of yours in the project"
        )
    if isinstance(raised, SystemExit):
        return "keep what runs a pipeline under: if __name__ == '__main__'"
    if isinstance(raised, RuntimeError) and text.startswith("Duplicated node_id"):
        return "give one of the two components an id of its own: .with_id('another_id')"
    if "NoneType.__new__(X)" in text:
        return "a RuntimeParameter needs a type: RuntimeParameter(name=..., ptype=int)"
    return ""
