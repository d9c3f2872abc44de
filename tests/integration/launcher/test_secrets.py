"""What a node is told and may hold a secret, and where it must not be."""

import json
from pathlib import Path

import pytest

from headrace.ir.store import current_ir
from headrace.launcher.client import run_node
from headrace.launcher.jobs import NodeRequest
from headrace.settings import Settings
from tests.integration.launcher.conftest import Tiny
from tests.processes import command_lines

pytestmark = pytest.mark.integration

SECRET = "hunter2-of-beam"
SOURCE = """
import json
import os

from tfx import v1 as tfx


@tfx.dsl.components.component
def Tell(text: tfx.dsl.components.OutputArtifact[tfx.types.standard_artifacts.String]) -> None:
    text.value = json.dumps(dict(os.environ))


def create_pipeline() -> tfx.dsl.Pipeline:
    return tfx.dsl.Pipeline(pipeline_name=NAME, components=[Tell()])
"""


def test_beam_arguments_are_in_no_ir_no_store_no_log_and_no_process_list(
    runs: Tiny, anyhow: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_LOG_LEVEL", "DEBUG")
    said: list[str] = []

    def look_at_processes(frame: object) -> None:
        said.extend((str(frame), *command_lines()))

    request = runs.request("Make", "r1", {})
    request.beam_args.append(f"--s3_secret_access_key={SECRET}")
    request.beam_overrides.append(f"--azure_connection_string={SECRET}")
    result = run_node(anyhow, request, look_at_processes)
    assert result.state == "COMPLETE"
    files = [*anyhow.home.rglob("*.json"), *anyhow.layout.logs.rglob("*.log"), runs.database]
    texts = [*said, str(result), *(file.read_bytes().decode("latin-1") for file in files)]
    assert len(said) > 1
    assert not [text for text in texts if SECRET in text]


def test_a_node_has_no_variable_that_holds_a_secret_of_airflows(
    anyhow: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", SECRET)
    monkeypatch.setenv("AIRFLOW_CONN_MLMD", f"postgres://me:{SECRET}@db/mlmd")
    monkeypatch.setenv("AIRFLOW_VAR_TOKEN", SECRET)
    monkeypatch.setenv("MINE", "kept")
    (tmp_path / "telling.py").write_text(f"NAME = {tmp_path.name!r}\n{SOURCE}")
    manifest = current_ir(f"{tmp_path / 'telling.py'}:create_pipeline", anyhow)
    result = run_node(
        anyhow,
        NodeRequest(
            ir_path=manifest.ir_path,
            node_id="Tell",
            run_id="r1",
            metadata_url=f"sqlite:///{tmp_path / 'metadata.sqlite'}",
            import_path=list(manifest.import_path),
        ),
        lambda _: None,
    )
    [output] = result.outputs
    environ = json.loads(Path(output.uri).read_text())
    assert environ["MINE"] == "kept"
    assert not [name for name, value in environ.items() if SECRET in value]
