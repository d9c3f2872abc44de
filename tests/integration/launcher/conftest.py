"""The tiny pipeline through the launcher, against a store of each test's own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headrace.ir.manifest import Manifest
from headrace.ir.store import current_ir
from headrace.launcher.client import LauncherClient, run_node
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.launcher.protocol import EventFrame, Frame
from headrace.settings import LauncherMode, Settings

TINY = "tests/data/pipelines/tiny.py"


@pytest.fixture(scope="module")
def tiny(settings: Settings) -> Manifest:
    return current_ir(f"{TINY}:create_pipeline", settings)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "metadata.sqlite"


@pytest.fixture(params=list(LauncherMode))
def anyhow(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    return replace(settings, launcher=request.param)


class Tiny:
    """Runs nodes of the tiny pipeline against one store."""

    def __init__(self, settings: Settings, manifest: Manifest, database: Path) -> None:
        self.settings, self.manifest, self.database = settings, manifest, database
        self.frames: list[Frame] = []

    def run(
        self,
        node: str,
        run: str = "r1",
        client: LauncherClient | None = None,
        on_frame: Callable[[Frame], None] | None = None,
        **parameters: object,
    ) -> NodeResult:
        return run_node(
            self.settings,
            self.request(node, run, parameters),
            on_frame or self.frames.append,
            client,
        )

    def request(self, node: str, run: str, parameters: dict) -> NodeRequest:
        return NodeRequest(
            ir_path=self.manifest.ir_path,
            node_id=node,
            run_id=run,
            parameters=parameters,
            metadata_url=f"sqlite:///{self.database}",
            import_path=list(self.manifest.import_path),
            owner="test",
        )

    def store(self) -> Any:
        # Not above: the Airflow environment may load this file before it leaves the tests to TFX's.
        import ml_metadata as mlmd
        from ml_metadata.proto import metadata_store_pb2 as pb

        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = str(self.database)
        return mlmd.MetadataStore(config)

    def states(self) -> list[str]:
        from ml_metadata.proto import metadata_store_pb2 as pb

        executions = self.store().get_executions()
        return [pb.Execution.State.Name(item.last_known_state) for item in executions]


@pytest.fixture
def runs(settings: Settings, tiny: Manifest, database: Path) -> Tiny:
    return Tiny(settings, tiny, database)


def started_pid(frames: list[Frame]) -> int:
    return next((f.pid for f in frames if isinstance(f, EventFrame) and f.pid), 0)
