"""An author's project, whose pipelines are compiled in forked processes, as the launcher does."""

import multiprocessing
import os
import textwrap
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from headrace.compiler import compile_target
from headrace.errors import HeadraceError
from headrace.ir.manifest import CompileFailure, Manifest
from headrace.launcher.jobs import CompileRequest


class Author:
    """Writes sources below ``project`` and compiles them below ``home``."""

    def __init__(self, project: Path, home: Path) -> None:
        self.project, self.home = project, home

    def write(self, name: str, source: str) -> Path:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source).lstrip("\n"))
        return path

    def compile(
        self, target: str, environ: Mapping[str, str] | None = None, artifact_root: str = ""
    ) -> Manifest:
        from tfx import v1  # noqa: F401  (once, in this process, for all that are forked from it)

        request = CompileRequest(target, str(self.project), str(self.home), artifact_root)
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_compile, args=(request, dict(environ or {}), theirs))
        child.start()
        theirs.close()
        try:
            answer = ours.recv()
        finally:
            child.join()
        if isinstance(answer, str):
            return Manifest.from_json(answer)
        raise answer

    def failure(self, target: str) -> CompileFailure:
        failure = self.compile(target).failure
        assert failure is not None
        return failure


def _compile(request: CompileRequest, environ: dict[str, str], answer: Connection) -> None:
    os.environ.update(environ)
    try:
        answer.send(compile_target(request).to_json())
    except HeadraceError as error:
        answer.send(error)


@pytest.fixture
def author(tmp_path: Path) -> Author:
    project = tmp_path / "project"
    project.mkdir()
    return Author(project, tmp_path / "home")
