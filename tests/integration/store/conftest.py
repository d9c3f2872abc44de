"""Nodes of the tiny pipeline, and commands that a user types, over one store."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headrace.cli.main import main
from headrace.errors import EXIT_DONE
from headrace.ir.manifest import Manifest
from headrace.ir.store import current_ir
from headrace.launcher.client import run_node
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.settings import Settings

TINY = "tests/data/pipelines/tiny.py:create_pipeline"


class Project:
    """Nodes of the tiny pipeline and commands, over one store."""

    def __init__(
        self,
        settings: Settings,
        capsys: pytest.CaptureFixture[str],
        environ: Callable[[str, str], None],
    ) -> None:
        self.settings, self._capsys, self.environ = settings, capsys, environ
        self.tiny: Manifest = current_ir(TINY, settings)
        self.url = self.out = self.err = ""

    def at(self, url: str) -> "Project":
        self.url = url
        self.environ("HEADRACE_METADATA_URL", url)
        return self

    def make(self, run: str, word: str) -> NodeResult:
        return self.node("Make", run, word=word)

    def node(self, node: str, run: str, **parameters: str) -> NodeResult:
        request = NodeRequest(
            ir_path=self.tiny.ir_path,
            node_id=node,
            run_id=run,
            parameters=parameters,
            metadata_url=self.url,
            import_path=list(self.tiny.import_path),
        )
        return run_node(self.settings, request, lambda _: None)

    def __call__(self, *arguments: str) -> int:
        code = main(arguments)
        self.out, self.err = self._capsys.readouterr()
        return code

    def json(self, *arguments: str) -> Any:
        assert self(*arguments, "--json") == EXIT_DONE, self.err
        return json.loads(self.out)

    def states(self) -> dict[int, str]:
        return {item["id"]: item["state"] for item in self.json("artifacts")}


@pytest.fixture
def project(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Project:
    monkeypatch.setenv("HEADRACE_HOME", str(settings.home))
    monkeypatch.setenv("HEADRACE_TFX_PYTHON", str(settings.tfx_python))
    made = Project(settings, capsys, monkeypatch.setenv)
    return made.at(f"sqlite:///{tmp_path / 'metadata.sqlite'}")
