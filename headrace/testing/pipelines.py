"""Checks a whole pipeline without running it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from headrace.errors import HeadraceError
from headrace.graph.entities import Node, PipelineGraph, RuntimeParameter
from headrace.graph.reader import read_graph
from headrace.ir.manifest import Manifest
from headrace.ir.store import current_ir
from headrace.launcher.client import LauncherClient
from headrace.launcher.jobs import CheckCodeRequest
from headrace.launcher.protocol import Operation
from headrace.settings import Settings
from headrace.target import parse_target

_README = "README.md"
_Documented = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class PipelineProblems(HeadraceError):
    """A pipeline compiles, and something in it is not as it should be.

    Attributes:
        problems: a line for each.
    """

    def __init__(self, name: str, problems: list[str]) -> None:
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__("\n".join([f"pipeline {name} has {count}:", *problems]))
        self.problems = problems


@dataclass(frozen=True)
class CheckedPipeline:
    """What has been checked, for a test that asks for more.

    Attributes:
        graph: nodes in topological order, with inputs, outputs, upstream nodes and parameters.
    """

    graph: PipelineGraph

    @property
    def name(self) -> str:
        return self.graph.name

    @property
    def nodes(self) -> dict[str, Node]:
        """The nodes by id, in topological order."""
        return {node.id: node for node in self.graph.nodes}

    @property
    def parameters(self) -> dict[str, RuntimeParameter]:
        """The runtime parameters by name."""
        return {parameter.name: parameter for parameter in self.graph.parameters}


def check_pipeline(
    target: str | Callable[[], Any], settings: Settings, cwd: Path
) -> CheckedPipeline:
    """Check that a pipeline can run, short of its data.

    It compiles: its components' arguments are there, channels have the types that components take,
    and no node waits for itself. Its runtime parameters are named in a docstring of its file, or in
    the README.md beside it. What its nodes name of code can be imported in a node's process.

    Args:
        target: ``path/to/file.py:function``, ``package.module:function``, or the function.
        settings: of a state directory to compile into.
        cwd: where a relative path is looked up.

    Raises:
        PipelineError: it does not compile; has file and line.
        PipelineProblems: all else that was found.
    """
    if callable(target):
        target = f"{inspect.getsourcefile(target)}:{target.__name__}"
    # Nothing is written where the pipeline's own root is.
    settings = replace(settings, artifact_root=str(settings.layout.artifacts))
    manifest = current_ir(target, settings, cwd=cwd)
    graph = read_graph(manifest.ir)
    file = parse_target(target, settings.project, cwd).file
    problems = [*_undocumented(graph, file), *_faults_of_code(manifest, settings)]
    if problems:
        raise PipelineProblems(graph.name, problems)
    return CheckedPipeline(graph)


def _faults_of_code(manifest: Manifest, settings: Settings) -> list[str]:
    request = CheckCodeRequest(
        manifest.ir_path, list(manifest.import_path), manifest.keras_for(settings).value
    )
    found = LauncherClient(settings).run(Operation.CHECK_CODE, asdict(request))
    return list(found["faults"])


def _undocumented(graph: PipelineGraph, file: Path) -> Iterator[str]:
    texts = _documents(file)
    for parameter in graph.parameters:
        word = re.compile(rf"(?<![\w.-]){re.escape(parameter.name)}(?![\w-])")
        if not any(word.search(text) for text in texts):
            nodes = ", ".join(parameter.nodes)
            yield (
                f"runtime parameter {parameter.name} of {nodes} is in no docstring of {file.name}, "
                f"nor in {_README} beside it: say there what it is for"
            )


def _documents(file: Path) -> list[str]:
    readme = file.with_name(_README)
    texts = [readme.read_text(encoding="utf-8")] if readme.is_file() else []
    tree = ast.parse(file.read_bytes())
    docstrings = (ast.get_docstring(one) for one in ast.walk(tree) if isinstance(one, _Documented))
    return [*texts, *filter(None, docstrings)]
