"""What files a new component or pipeline begins with."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from string import Template

from headrace.errors import UsageError
from headrace.files import write_atomically

_TEMPLATES = Path(__file__).parent / "templates"
_SUFFIX = ".tmpl"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class Kind(str, Enum):
    """What a skeleton is of."""

    COMPONENT = "component"
    PIPELINE = "pipeline"


_PACKAGE = "pipelines/__init__.py"
_PLACES = {
    Kind.COMPONENT: {
        "__init__.py": "components/$name/__init__.py",
        "component.py": "components/$name/component.py",
        "test.py": "tests/unit/components/$name/test_component.py",
    },
    Kind.PIPELINE: {
        "__init__.py": "pipelines/$name/__init__.py",
        "pipeline.py": "pipelines/$name/pipeline.py",
        "features.py": "pipelines/$name/features.py",
        "preprocessing.py": "pipelines/$name/preprocessing.py",
        "model.py": "pipelines/$name/model.py",
        "rows.csv": "pipelines/$name/data/rows.csv",
        "dag.py": "dags/$name.py",
        "test.py": "tests/unit/pipelines/test_$name.py",
    },
}


@dataclass(frozen=True)
class Skeleton:
    """Texts of the files to be written, by path within the project; the last has the tests."""

    files: dict[str, str]

    @property
    def tests(self) -> str:
        return list(self.files)[-1]


def skeleton(kind: Kind, name: str, project: Path) -> Skeleton:
    """The files of a new component or pipeline.

    Raises:
        UsageError: the name cannot be one of a Python module.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise UsageError(
            f"{name!r} cannot be the name of a {kind.value}",
            "take a name of a Python module, in lower case: row_count",
        )
    values = {
        "name": name,
        "Name": "".join(part.capitalize() for part in name.split("_")),
        "package": _package(project),
    }
    files = {
        Template(place).substitute(values): Template(
            (_TEMPLATES / kind.value / f"{source}{_SUFFIX}").read_text(encoding="utf-8")
        ).substitute(values)
        for source, place in _PLACES[kind].items()
    }
    if kind is Kind.PIPELINE and not (project / _PACKAGE).exists():
        # Another package ``pipelines`` on the import path would be found before a mere directory.
        files = {_PACKAGE: "", **files}
    return Skeleton(files)


def write_skeleton(made: Skeleton, project: Path) -> None:
    """Write the files below the project; nothing is written where one of them is there.

    Raises:
        UsageError: a file exists already.
    """
    taken = [place for place in made.files if (project / place).exists()]
    if taken:
        raise UsageError(
            f"{project / taken[0]} exists already", "take another name, or remove it first"
        )
    for place, text in made.files.items():
        write_atomically(project / place, text)


def _package(project: Path) -> str:
    """What the project's components are imported from; see ``headrace.components``."""
    own = (project / "headrace" / "components" / "__init__.py").is_file()
    return "headrace.components" if own else "components"
