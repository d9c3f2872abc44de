"""Keeps pipeline names unique: two pipelines of one name would mix their runs and artifacts."""

from __future__ import annotations

import ast
from pathlib import Path

from headrace.compiler.failures import CompileError
from headrace.ir.layout import IrLayout
from headrace.ir.manifest import CompileFailure, Manifest
from headrace.ir.sources import refreshed


def require_unique_name(pipeline_name: str, target: str, layout: IrLayout) -> None:
    """Check the manifests of other targets; call it under the name's lock.

    A target whose sources have changed since is not asked: its own next compilation will be.

    Raises:
        CompileError: another target that still exists compiles to a pipeline of this name.
    """
    for path in sorted(layout.manifests.glob("*.json")):
        try:
            other = Manifest.from_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if other.pipeline_name != pipeline_name or other.failure or other.target == target:
            continue
        if _still_exists(other):
            file = target.rpartition(":")[0]
            raise CompileError(
                CompileFailure(
                    "DuplicatePipelineName",
                    f"two pipelines have the name {pipeline_name!r}: {target} and {other.target}",
                    "give one of them another pipeline_name; runs and artifacts are kept by name",
                    file=file,
                ),
                also_read=tuple(Path(source.path) for source in other.sources),
            )


def _still_exists(other: Manifest) -> bool:
    file, _, function = other.target.rpartition(":")
    if not defines(Path(file), function):
        return False
    return all(refreshed(source) is not None for source in other.sources)


def defines(file: Path, name: str) -> bool:
    """Whether a Python file binds ``name`` at its top level, as far as its text tells."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    return any(_binds(node, name) for node in ast.walk(tree))


def _binds(node: ast.AST, name: str) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.name == name
    if isinstance(node, ast.Name):
        return node.id == name and isinstance(node.ctx, ast.Store)
    if isinstance(node, ast.alias):
        return name == (node.asname or node.name) or node.name == "*"
    return False
