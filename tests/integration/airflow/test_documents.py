"""The documents' DAG files, parsed by Airflow, and their pipeline, run as they say."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import DOCUMENTS, Example, commands, examples
from tests.integration.airflow.conftest import AirflowHome

pytestmark = pytest.mark.integration

EXAMPLES = [item for item in examples("python") if "pipeline_dag(" in item.text]
TARGET = "path/to/pipeline.py:create_pipeline"
PIPELINE = """
from tfx import v1 as tfx

Parameter = tfx.dsl.components.Parameter


@tfx.dsl.components.component
def Trainer(span: Parameter[str], epochs: Parameter[int]) -> None:
    print(f"{epochs} epochs on {span}")


@tfx.dsl.components.component
def Pusher() -> None:
    print("pushed")


def create_pipeline() -> tfx.dsl.Pipeline:
    span = tfx.dsl.experimental.RuntimeParameter("span", ptype=str, default="1")
    epochs = tfx.dsl.experimental.RuntimeParameter("epochs", ptype=int, default=5)
    components = [Trainer(span=span, epochs=epochs), Pusher()]
    return tfx.dsl.Pipeline(pipeline_name="example", components=components)
"""


@pytest.fixture(scope="module")
def project(airflow: AirflowHome) -> Path:
    """The user's pipeline is where the documents have it."""
    file = airflow.project / TARGET.partition(":")[0]
    file.parent.mkdir(parents=True)
    file.write_text(PIPELINE)
    return airflow.project


def dag_file(project: Path, number: int, example: Example) -> Path:
    text = example.text
    if "import pipeline_dag" not in text:
        text = f"from headrace.airflow import pipeline_dag\n\nTARGET = {TARGET!r}\n{text}"
    file = project / "dags" / f"document_{number}.py"
    file.write_text(text)
    return file


def test_every_dag_file_of_the_documents_becomes_a_dag(airflow: AirflowHome, project: Path) -> None:
    files = {
        str(dag_file(project, number, item)): item.name for number, item in enumerate(EXAMPLES)
    }
    found = airflow.parse(*map(Path, files))
    assert len(files) > 3
    for file, name in files.items():
        assert found["files"][file]["errors"] == [], name
        [dag] = found["files"][file]["dags"].values()
        assert {"Trainer", "Pusher"} <= set(dag["edges"])


def test_the_readme_s_run_and_compile_work(airflow: AirflowHome, project: Path) -> None:
    readme = next(path for path in DOCUMENTS if path.name == "README.md")
    uses = [words for use, words in commands() if use.document == readme and TARGET in words]
    assert sorted(words[0] for words in uses) == ["compile", "run"]
    for words in uses:
        done = subprocess.run(
            [sys.executable, "-m", "headrace.cli", *words],
            cwd=project,
            env=airflow.environ,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "Trainer  complete" in done.stdout or words[0] == "compile"
