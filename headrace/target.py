"""A target names a pipeline function: ``path/to/file.py:function`` or ``module:function``."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import UsageError

FORMS = "a target is path/to/file.py:function or package.module:function"


@dataclass(frozen=True)
class Target:
    """Where a pipeline function lives.

    Attributes:
        file: absolute path of the source file.
        module: dotted name that the file is imported under, so that pickled and recorded class
            paths resolve in every process.
        import_path: directories put first on ``sys.path`` to import it.
        function: name of the function in the module.
    """

    file: Path
    module: str
    import_path: tuple[Path, ...]
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.function}"


def parse_target(text: str, project: Path, cwd: Path | None = None) -> Target:
    """Find the file and the module name of a target; nothing is imported.

    A relative path is looked up in ``cwd`` first, then in ``project``. Both spellings of one
    function give an equal target.

    Raises:
        UsageError: the text is not of either form, or no such file exists.
    """
    location, separator, function = text.rpartition(":")
    if not separator or not location or not function.isidentifier():
        raise UsageError(f"{text!r} is not a target", FORMS)
    search = tuple(dict.fromkeys(path.resolve() for path in (cwd or Path.cwd(), project)))
    if location.endswith(".py") or os.sep in location:
        file = _find_file(location, search)
    else:
        file = _find_module(location, search)
    root, module = _module_name(file, project.resolve())
    paths = dict.fromkeys((root, *search, file.parent))
    return Target(file=file, module=module, import_path=tuple(paths), function=function)


def _find_file(location: str, search: tuple[Path, ...]) -> Path:
    # ~NAME of a user that there is not, or can not be
    with contextlib.suppress(RuntimeError, ValueError):
        for base in search:
            file = base / Path(location).expanduser()
            if is_file(file):
                return file.resolve()
    places = " or ".join(str(base) for base in search)
    raise UsageError(f"pipeline file {location} does not exist (looked in {places})", FORMS)


def _find_module(location: str, search: tuple[Path, ...]) -> Path:
    relative = Path(*location.split("."))
    for base in search:
        found_here = _module_file(base, relative)
        if found_here is not None:
            return found_here
    try:
        found = importlib.util.find_spec(location.partition(".")[0])
    except (ImportError, ValueError):
        found = None
    for package in (found.submodule_search_locations or ()) if found else ():
        found_there = _module_file(Path(package).parent, relative)
        if found_there is not None:
            return found_there
    raise UsageError(
        f"module {location} was not found in {' or '.join(str(base) for base in search)}", FORMS
    )


def _module_file(base: Path, relative: Path) -> Path | None:
    for candidate in (base / f"{relative}.py", base / relative / "__init__.py"):
        if is_file(candidate):
            return candidate.resolve()
    return None


def is_file(path: Path) -> bool:
    """Whether it is one; what no file can be named, such as a name that is too long, is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _module_name(file: Path, project: Path) -> tuple[Path, str]:
    """Import root and dotted name of a file: by its packages, else by its place in the project."""
    root = file.parent
    while (root / "__init__.py").is_file() and root.name.isidentifier():
        root = root.parent
    if root == file.parent and project in file.parents:
        root = project
    parts = file.relative_to(root).with_suffix("").parts
    if not all(part.isidentifier() for part in parts[:-1]):
        root, parts = file.parent, (file.stem,)
    if "." in parts[-1]:
        raise UsageError(
            f"{file} cannot be imported, because its name has a dot before .py", "rename the file"
        )
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return root, ".".join(parts)
