"""A project with DAG files, and Airflow processes of their own that parse and run them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from headrace.launcher.client import stop_launcher
from headrace.settings import load_settings
from tests.integration.conftest import PROJECT, tfx_python

PARSE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag

found = {}
for file in sys.argv[1:]:
    bag = DagBag(file)
    dags = {
        name: {
            "edges": {t.task_id: sorted(t.upstream_task_ids) for t in dag.tasks},
            "operators": {t.task_id: t.operator_name for t in dag.tasks},
            "compiled": [getattr(t, "ir_path", "") for t in dag.tasks],
            "params": dag.params.dump(),
        }
        for name, dag in bag.dags.items()
    }
    found[file] = {"dags": dags, "errors": list(bag.import_errors.values())}
heavy = ("tensorflow", "tfx", "apache_beam", "ml_metadata", "headrace.compiler", "headrace.node")
print(json.dumps({"files": found, "heavy": [name for name in heavy if name in sys.modules]}))
"""
RUN = """
import importlib.util, json, sys

spec = importlib.util.spec_from_file_location("the_dag_file", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
run = module.dag.test(run_conf=json.loads(sys.argv[2]))
tasks = {item.task_id: item.state for item in run.get_task_instances()}
print(json.dumps({"state": run.state, "run_id": run.run_id, "tasks": tasks}))
"""


@dataclass(frozen=True)
class AirflowHome:
    """A project, and an Airflow with a database of its own."""

    project: Path
    elsewhere: Path
    environ: dict[str, str]

    @property
    def home(self) -> Path:
        """Of headrace."""
        return Path(self.environ["HEADRACE_HOME"])

    def dag_file(self, name: str, text: str) -> Path:
        file = self.project / "dags" / f"{name}.py"
        file.write_text(
            f"from headrace.airflow import pipeline_dag\n\ndag = pipeline_dag({text})\n"
        )
        return file

    def parse(self, *files: Path) -> dict[str, Any]:
        """Parse in one process; per file its DAGs and errors, and TFX's modules if any came in."""
        return self._answer(self.start(PARSE, *map(str, files)))

    def run(self, file: Path, conf: dict[str, Any], **environ: str) -> dict[str, Any]:
        return self._answer(self.start(RUN, str(file), json.dumps(conf), **environ))

    def start(self, script: str, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            cwd=self.elsewhere,
            env={**self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @staticmethod
    def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, output
        answer: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
        return {**answer, "log": output}


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowHome]:
    project = tmp_path_factory.mktemp("project")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (project / "headrace.toml").write_text("")
    (project / "dags").mkdir()
    tiny = (PROJECT / "tests/data/pipelines/tiny.py").read_text()
    (project / "tiny.py").write_text(tiny)
    # A file of the same name where Airflow happens to be started must not be taken for it.
    (elsewhere / "tiny.py").write_text("raise RuntimeError('the wrong file was read')")
    settings = {
        "HEADRACE_HOME": str(tmp_path_factory.mktemp("home")),
        "HEADRACE_TFX_PYTHON": tfx_python(),
    }
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "HEADRACE_"))}
    environ = {
        **inherited,
        **settings,
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__DAGS_FOLDER": str(project / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "PYTHONPATH": str(PROJECT),
    }
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env=environ,
        check=True,
        capture_output=True,
        timeout=300,
    )
    yield AirflowHome(project, elsewhere, environ)
    stop_launcher(load_settings(project, environ=settings))
