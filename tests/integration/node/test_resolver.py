"""A Resolver that finds nothing, as in a pipeline's first run."""

from dataclasses import replace
from pathlib import Path

import pytest

from headrace.ir.store import current_ir
from headrace.launcher.client import JobFailed, run_node
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.launcher.protocol import LogFrame
from headrace.records.answers import the_only_one
from headrace.records.client import ask
from headrace.records.entities import Execution
from headrace.records.questions import RunQuestion
from headrace.settings import Settings

pytestmark = pytest.mark.integration

SOURCE = """
from tfx import v1 as tfx

Text = tfx.types.standard_artifacts.String


@tfx.dsl.components.component
def Count(
    text: tfx.dsl.components.OutputArtifact[Text],
    before: tfx.dsl.components.InputArtifact[Text] = None,
) -> None:
    text.value = (before.value if before else "") + "i"


@tfx.dsl.components.component
def Need(before: tfx.dsl.components.InputArtifact[Text]) -> None:
    print(before.value)


def create_pipeline() -> tfx.dsl.Pipeline:
    latest = tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestArtifactStrategy,
        text=tfx.dsl.Channel(type=Text),
    ).with_id("latest")
    found = latest.outputs["text"]
    nodes = [latest, Count(before=found), Need(before=found)]
    return tfx.dsl.Pipeline(PIPELINE_NAME, components=nodes)
"""


class Counting:
    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.database = settings, folder / "metadata.sqlite"
        (folder / "counting.py").write_text(f"PIPELINE_NAME = {folder.name!r}\n{SOURCE}")
        self.manifest = current_ir(f"{folder / 'counting.py'}:create_pipeline", settings)
        self.said: list[tuple[str, str]] = []

    def run(self, node: str, run: str, **request: int) -> NodeResult:
        request = NodeRequest(
            ir_path=self.manifest.ir_path,
            node_id=node,
            run_id=run,
            metadata_url=f"sqlite:///{self.database}",
            import_path=list(self.manifest.import_path),
            **request,
        )
        return run_node(self.settings, request, self._hear)

    def _hear(self, frame: object) -> None:
        if isinstance(frame, LogFrame):
            self.said.append((frame.level, frame.message))

    def states(self) -> list[str]:
        import ml_metadata as mlmd
        from ml_metadata.proto import metadata_store_pb2 as pb

        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = str(self.database)
        executions = mlmd.MetadataStore(config).get_executions()
        return [pb.Execution.State.Name(item.last_known_state) for item in executions]

    def shown(self, run: str) -> tuple[Execution, ...]:
        """The executions as ``headrace show`` has them."""
        settings = replace(self.settings, metadata_url=f"sqlite:///{self.database}")
        return the_only_one(ask(settings, RunQuestion(run)), run).executions


@pytest.fixture
def counting(settings: Settings, tmp_path: Path) -> Counting:
    return Counting(settings, tmp_path)


def test_a_node_that_can_do_without_runs_and_the_next_run_has_what_it_made(
    counting: Counting,
) -> None:
    nothing = counting.run("latest", "first")
    assert (nothing.state, nothing.outputs) == ("COMPLETE", [])
    [shown] = counting.shown("first")
    assert (shown.state, shown.cache, shown.error) == ("complete", "found no artifact", "")
    counting.run("Count", "first")
    counting.run("latest", "second")
    [counted] = counting.run("Count", "second").outputs
    assert Path(counted.uri).read_text() == "ii"


def test_a_node_that_needs_it_fails(counting: Counting) -> None:
    counting.run("latest", "first")
    assert "ERROR" not in {level for level, _ in counting.said}
    with pytest.raises(JobFailed, match="node Need did not run"):
        counting.run("Need", "first")
    [error] = [text for level, text in counting.said if level == "ERROR"]
    assert error.startswith("The inputs of Need: ")
    assert "Traceback" in error


def test_it_looks_again_when_it_is_run_again(counting: Counting) -> None:
    counting.run("latest", "first")
    counting.run("Count", "first")
    counting.run("latest", "first")
    assert counting.states() == ["FAILED", "COMPLETE", "COMPLETE"], "as TFX has it; none is open"


def test_what_it_has_found_stays_so_in_its_run(counting: Counting) -> None:
    counting.run("latest", "first")
    counting.run("Count", "first")
    found = counting.run("latest", "second")
    counting.run("Count", "third")  # puts out a later one
    again = counting.run("latest", "second")
    assert (again.state, again.execution_id) == ("COMPLETE", found.execution_id)
    [counted] = counting.run("Count", "second").outputs
    assert Path(counted.uri).read_text() == "ii", "it has read one artifact, the same as before"


def test_it_looks_again_when_its_task_was_cleared(counting: Counting) -> None:
    counting.run("latest", "first")
    counting.run("Count", "first")
    found = counting.run("latest", "second")
    counting.run("Count", "third")  # puts out a later one, "i", as nothing was found in its run
    cleared = counting.run("latest", "second", try_number=2, cleared_after=1)
    assert cleared.execution_id != found.execution_id
    [counted] = counting.run("Count", "second").outputs
    assert Path(counted.uri).read_text() == "ii", "it has read one artifact: the later one"
