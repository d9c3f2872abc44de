"""Nodes of the tiny pipelines, and commands that a user types, over stores that they fill."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.cli.main import main
from headrace.errors import EXIT_DONE
from headrace.ir.manifest import Manifest
from headrace.ir.store import current_ir
from headrace.launcher.client import JobFailed, LauncherClient, run_node
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.settings import Settings
from tests.integration.postgres import Postgres, server

TINY = "tests/data/pipelines/tiny.py"


class Stores:
    """Runs nodes of the small pipelines against stores."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pipelines = {
            name: current_ir(f"{TINY}:{function}", settings)
            for name, function in (("tiny", "create_pipeline"), ("demanding", "create_demanding"))
        }

    def run(
        self,
        url: str,
        node: str,
        run: str,
        pipeline: str = "tiny",
        client: LauncherClient | None = None,
        **parameters: object,
    ) -> NodeResult:
        manifest: Manifest = self.pipelines[pipeline]
        request = NodeRequest(
            ir_path=manifest.ir_path,
            node_id=node,
            run_id=run,
            parameters=parameters,
            metadata_url=url,
            import_path=list(manifest.import_path),
            owner="test",
        )
        return run_node(self.settings, request, lambda _: None, client)

    def fill(self, url: str) -> None:
        """r1 runs, r2 comes from the cache, r3 fails; another pipeline has an r1, too."""
        for run in ("r1", "r2"):
            self.run(url, "Make", run)
            self.run(url, "Use", run)
        self.run(url, "Make", "r3", word="other")
        with pytest.raises(JobFailed):
            self.run(url, "Use", "r3", mode="raise")
        self.run(url, "Make", "r1", pipeline="demanding", word="x")


class Command:
    """The command line, in this process, over one store at a time."""

    def __init__(
        self, capsys: pytest.CaptureFixture[str], environ: Callable[[str, str], None]
    ) -> None:
        self._capsys, self.environ = capsys, environ
        self.url = self.out = self.err = ""

    def at(self, url: str) -> "Command":
        self.url = url
        self.environ("HEADRACE_METADATA_URL", url)
        return self

    def __call__(self, *arguments: str) -> int:
        code = main(arguments)
        self.out, self.err = self._capsys.readouterr()
        return code

    def json(self, *arguments: str) -> Any:
        assert self(*arguments, "--json") == EXIT_DONE, self.err
        return json.loads(self.out)


class Project(Command):
    """Commands and nodes of the tiny pipeline, over the same store."""

    def __init__(
        self,
        stores: Stores,
        capsys: pytest.CaptureFixture[str],
        environ: Callable[[str, str], None],
    ) -> None:
        super().__init__(capsys, environ)
        self.stores, self.settings = stores, stores.settings

    def at(self, url: str) -> "Project":
        super().at(url)
        return self

    def make(self, run: str, word: str) -> NodeResult:
        return self.node("Make", run, word=word)

    def node(self, node: str, run: str, **parameters: str) -> NodeResult:
        return self.stores.run(self.url, node, run, **parameters)

    def states(self) -> dict[int, str]:
        return {item["id"]: item["state"] for item in self.json("artifacts")}


@pytest.fixture(scope="package")
def stores(settings: Settings) -> Stores:
    return Stores(settings)


@pytest.fixture(scope="package")
def postgres() -> Iterator[Postgres]:
    with server() as running:
        for name in ("filled", "empty"):
            running.query("postgres", f"create database {name}")
        yield running


@pytest.fixture(scope="package")
def sqlite_file(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "metadata.sqlite"
    stores.fill(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, stores: Stores) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('sqlite_file')}"
    url: str = request.getfixturevalue("postgres").url("filled")
    stores.fill(url)
    return url


@pytest.fixture
def command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.setenv("HEADRACE_HOME", str(settings.home))
    monkeypatch.setenv("HEADRACE_TFX_PYTHON", str(settings.tfx_python))
    return Command(capsys, monkeypatch.setenv)


@pytest.fixture
def project(
    stores: Stores,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Project:
    monkeypatch.setenv("HEADRACE_HOME", str(stores.settings.home))
    monkeypatch.setenv("HEADRACE_TFX_PYTHON", str(stores.settings.tfx_python))
    made = Project(stores, capsys, monkeypatch.setenv)
    return made.at(f"sqlite:///{tmp_path / 'metadata.sqlite'}")
