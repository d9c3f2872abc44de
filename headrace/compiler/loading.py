"""Imports the module of a target and calls its function."""

from __future__ import annotations

import difflib
import importlib
import inspect
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from headrace.compiler.failures import error
from headrace.target import Target

_log = logging.getLogger(__name__)


def importable(target: Target) -> Target:
    """The target without directories of its import path that hide a package that TFX imports.

    A ``keras.py`` beside the pipeline would be what every process of it imports as ``keras``. The
    directory that the target itself is imported from cannot be left out.

    Raises:
        CompileError: that directory hides a package; names the file.
    """
    kept = []
    for directory in target.import_path:
        hiding = _hiding(directory)
        if not hiding:
            kept.append(directory)
            continue
        file, package = hiding
        if directory == target.import_path[0]:
            raise error(
                "PackageHidden",
                f"{file} hides the package {package!r}, which TFX imports",
                hint="give it another name",
                file=target.file,
            )
        _log.warning(
            "%s is not on the import path, because %s there hides the package %r",
            directory,
            file.name,
            package,
        )
    return replace(target, import_path=tuple(kept))


def _hiding(directory: Path) -> tuple[Path, str] | None:
    """A module in a directory, with the name of a module that was imported from elsewhere."""
    try:
        entries = sorted(directory.iterdir())
    except OSError:
        return None
    for entry in entries:
        file = entry / "__init__.py" if entry.is_dir() else entry
        if file.suffix != ".py" or not os.path.isfile(file):  # False where it may not be looked at
            continue
        name = entry.stem
        imported = getattr(sys.modules.get(name), "__file__", None)
        if imported and Path(imported).parent.resolve() != file.parent.resolve():
            return entry, name
    return None


def import_module(target: Target) -> ModuleType:
    """Import the target's file under its module name, so that classes in it can be found by path.

    Raises:
        CompileError: another file has that module name already.
        BaseException: whatever the author's module raises.
    """
    for directory in reversed(target.import_path):
        if str(directory) in sys.path:
            sys.path.remove(str(directory))
        sys.path.insert(0, str(directory))
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(target.module)
    except ModuleNotFoundError as missing:
        # The file itself exists, so a parent package of that name lies elsewhere.
        if missing.name and (target.module + ".").startswith(missing.name + "."):
            parent = sys.modules.get(target.module.partition(".")[0])
            raise _name_taken(target, getattr(parent, "__file__", None)) from None
        raise
    found = getattr(module, "__file__", None)
    if found is None or Path(os.path.realpath(found)) != target.file:
        raise _name_taken(target, found)
    return module


def _name_taken(target: Target, found: str | None) -> Exception:
    return error(
        "ModuleNameTaken",
        f"{target.file} would be imported as {target.module}, "
        f"but that name belongs to {found or 'a module without a file'}",
        hint="rename the file or its directory",
        file=target.file,
    )


def find_function(module: ModuleType, target: Target) -> Callable[[], Any]:
    """Return the function that the target names, checked to take no required argument.

    Raises:
        CompileError: it is missing, not a function, or cannot be called with no arguments.
    """
    name = target.function
    function = getattr(module, name, None)
    if function is None and not hasattr(module, name):
        raise _missing(module, target)
    if not callable(function) or inspect.isclass(function):
        raise error(
            "NotAFunction",
            f"{name} in {target.file} is {_describe(function)}, not a function",
            hint="a target names a function that returns a tfx.dsl.Pipeline",
            file=target.file,
        )
    code = getattr(inspect.unwrap(function), "__code__", None)
    line = code.co_firstlineno if code is not None else 0
    required = _required_arguments(function)
    if required:
        noun = "argument" if len(required) == 1 else "arguments"
        raise error(
            "RequiredArguments",
            f"{name} takes required {noun} {', '.join(required)}, but it is called with none",
            hint="give each a default, or write a function without arguments that calls this one",
            file=target.file,
            line=line,
        )
    return function  # type: ignore[no-any-return]


def require_pipeline(result: Any, function: Callable[..., Any], target: Target) -> Any:
    """Return ``result`` if it is a TFX pipeline.

    Raises:
        CompileError: it is something else; the message says what.
    """
    from tfx.orchestration.pipeline import Pipeline

    if isinstance(result, Pipeline):
        return result
    code = getattr(inspect.unwrap(function), "__code__", None)
    if inspect.iscoroutine(result):
        result.close()
    hints = {
        type(None): "did you forget return?",
        list: "return tfx.dsl.Pipeline(pipeline_name=..., components=[...]) instead of the list",
    }
    raise error(
        "NotAPipeline",
        f"{target.function} returned {_describe(result)}, not a tfx.dsl.Pipeline",
        hint=hints.get(type(result), "a pipeline function returns a tfx.dsl.Pipeline"),
        file=target.file,
        line=code.co_firstlineno if code is not None else 0,
    )


def _required_arguments(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty and parameter.kind not in variable
    ]


def _missing(module: ModuleType, target: Target) -> Exception:
    own = [
        name
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    ]
    near = difflib.get_close_matches(target.function, own, n=3)
    likely = [name for name in own if "pipeline" in name.lower() and name not in near]
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif likely:
        hint = f"functions there that look like pipelines: {', '.join(likely)}"
    else:
        hint = f"functions there: {', '.join(own) or 'none'}"
    return error(
        "FunctionMissing",
        f"{target.file} has no function {target.function}",
        hint=hint,
        file=target.file,
    )


def _describe(value: Any) -> str:
    if value is None:
        return "None"
    if inspect.isclass(value):
        return f"the class {value.__name__}"
    name = type(value).__name__
    article = "an" if name[0].lower() in "aeiou" else "a"
    if isinstance(value, (list, tuple)) and value:
        return f"{article} {name} of {type(value[0]).__name__}"
    return f"{article} {name}"
