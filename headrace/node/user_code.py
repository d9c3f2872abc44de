"""A digest of the author's code that a node runs, so that TFX's cache notices a change of it.

TFX's cache key holds a function's path (``pipelines.penguins.preprocessing.preprocessing_fn``) and
an executor's, but nothing of what is written there: an edited function would be served from the
cache. The digest covers the definition that the path names and, from there, every definition of the
project that it uses by name, in any module. Comments, blank lines and docstrings do not count. Of a
``module_file``, whose text TFX does hash, it covers what that imports of the project.

Nothing is imported: the files are parsed. Names that are made at run time (``getattr``, a path in a
configuration) are not followed.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PATH = re.compile(r"[\w-]+(\.[\w-]+)+")
_EXECUTOR_SUFFIX = "_Executor"
"""What TFX adds to the name of a Python function component for the executor that it makes."""
_WHOLE = ""
_INSTALLED = frozenset(("site-packages", "dist-packages"))

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class _Import:
    module: str
    name: str = _WHOLE
    """A name in the module; ``_WHOLE`` where the module itself is bound."""


@dataclass(frozen=True)
class _Module:
    """A module of the project by its top-level names.

    Attributes:
        always: statements that run on import and bind nothing by themselves.
    """

    file: Path
    bound: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, _Import] = field(default_factory=dict)
    stars: tuple[str, ...] = ()
    always: tuple[ast.stmt, ...] = ()


@dataclass(frozen=True)
class UserModule:
    """A ``module_file``: its name, and the sources of it and of what is packaged with it."""

    name: str
    sources: Mapping[str, bytes]


def user_code_digest(
    paths: Iterable[str], import_path: Sequence[str], module: UserModule | None = None
) -> str:
    """Digest of the project's code behind dotted paths of functions and classes.

    Args:
        paths: candidates; what names nothing of the project is passed over.
        import_path: directories that the project's modules are imported from.
        module: is taken in as a whole, with all that it imports of the project.

    Returns:
        Hexadecimal digest; empty if no path leads into the project.
    """
    packaged = module.sources if module else {}
    reader = _Reader([Path(directory) for directory in import_path], packaged)
    if module:
        reader.follow(module.name, _WHOLE)
    for path in sorted(set(paths)):
        if _PATH.fullmatch(path):
            reader.follow(*reader.split(path))
    return reader.digest()


class _Reader:
    def __init__(self, roots: Sequence[Path], packaged: Mapping[str, bytes]) -> None:
        self._roots = roots
        self._packaged = packaged
        self._modules: dict[str, _Module | None] = {}
        self._seen: dict[tuple[str, str], str] = {}

    def split(self, path: str) -> tuple[str, str]:
        """``a.b.c`` as a module of the project and a name in it."""
        module, _, name = path.rpartition(".")
        return (path, _WHOLE) if self._module(path) else (module, name)

    def follow(self, module: str, name: str) -> None:
        """Take in a definition and what it uses; without a name, the whole module."""
        todo = [(module, name)]
        while todo:
            where, what = todo.pop()
            found = self._module(where)
            if found is None or (where, what) in self._seen:
                continue
            package = where.rpartition(".")[0]
            if package:
                todo.append((package, "__init__"))
            statements, used = self._look_up(found, where, what)
            self._seen[where, what] = "\n".join(map(_text, statements))
            todo.extend(used)

    def digest(self) -> str:
        if not self._seen:
            return ""
        digest = hashlib.sha256()
        for (module, name), text in sorted(self._seen.items()):
            digest.update(f"{module}\0{name}\0{text}\0".encode())
        return digest.hexdigest()

    def _look_up(
        self, found: _Module, where: str, what: str
    ) -> tuple[list[ast.stmt], list[tuple[str, str]]]:
        statements = list(found.always)
        used: list[tuple[str, str]] = []
        if what in found.bound:
            statements += found.bound[what]
        elif what.removesuffix(_EXECUTOR_SUFFIX) in found.bound:
            statements += found.bound[what.removesuffix(_EXECUTOR_SUFFIX)]
        elif what in found.imports:
            used.append(self._imported(found.imports[what]))
        elif what != "__init__":
            statements += [item for items in found.bound.values() for item in items]
        for name in sorted({name for item in statements for name in _names(item)}):
            if name == what:
                continue
            if name in found.bound:
                used.append((where, name))
            elif name in found.imports:
                used.append(self._imported(found.imports[name]))
        for statement in statements:
            used += [self._imported(item) for item in _inner(statement, where, found.file)]
        used += [(module, _WHOLE) for module in found.stars]
        if what == _WHOLE:
            # It is imported, and so is what it imports, also for what that does by itself.
            used += [self._imported(item) for item in found.imports.values()]
        return statements, used

    def _imported(self, item: _Import) -> tuple[str, str]:
        inner = f"{item.module}.{item.name}"
        # ``from package import module`` binds a module.
        return (inner, _WHOLE) if item.name and self._module(inner) else (item.module, item.name)

    def _module(self, name: str) -> _Module | None:
        if name not in self._modules:
            file = self._file(name)
            if file is not None:
                self._modules[name] = _parse(_read(file), file, name)
            else:
                # As TFX has it: the project's modules are found before the packaged ones.
                self._modules[name] = _parse(self._packaged.get(name), Path(f"{name}.py"), name)
        return self._modules[name]

    def _file(self, name: str) -> Path | None:
        parts = name.split(".")
        for root in self._roots:
            place = root.joinpath(*parts)
            for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
                if file.is_file():
                    return None if _INSTALLED.intersection(file.parts) else file
        return None


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None  # the node itself will say so, if it needs the file


def _parse(source: bytes | None, file: Path, name: str) -> _Module | None:
    if source is None:
        return None
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None  # likewise
    bound: dict[str, list[ast.stmt]] = {}
    imports: dict[str, _Import] = {}
    stars, always = [], []
    for statement in tree.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            for local, item in _imports(statement, name, file):
                if local == "*":
                    stars.append(item.module)
                else:
                    imports[local] = item
            continue
        names = list(_binds(statement))
        for local in names:
            bound.setdefault(local, []).append(statement)
        if not names and not _is_text(statement):
            always.append(statement)
    return _Module(file, bound, imports, tuple(stars), tuple(always))


def _imports(
    statement: ast.Import | ast.ImportFrom, module: str, file: Path
) -> Iterator[tuple[str, _Import]]:
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            whole = alias.name if alias.asname else alias.name.partition(".")[0]
            yield alias.asname or whole, _Import(alias.name)
        return
    source = statement.module or ""
    if statement.level:
        parts = module.split(".")
        drop = statement.level - (1 if file.name == "__init__.py" else 0)
        source = ".".join([*parts[: len(parts) - drop], *([source] if source else [])])
    for alias in statement.names:
        yield alias.asname or alias.name, _Import(source, alias.name)


def _inner(statement: ast.stmt, module: str, file: Path) -> Iterator[_Import]:
    """Imports inside of functions."""
    for node in ast.walk(statement):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for local, item in _imports(node, module, file):
                yield _Import(item.module) if local == "*" else item


def _binds(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, Definition):
        yield statement.name
    elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            for node in ast.walk(target):
                if isinstance(node, ast.Name):
                    yield node.id


def _names(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            yield node.id


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _text(statement: ast.stmt) -> str:
    """The statement without places, comments and docstrings."""
    return ast.dump(_WithoutTexts().visit(statement), include_attributes=False)


class _WithoutTexts(ast.NodeTransformer):
    """Leaves out expressions that are only a text: docstrings and what is written like one."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if _is_text(node) else self.generic_visit(node)
