"""A project with small pipelines, and headrace's command line run on it as a user would."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from headrace.layout import Layout

REPOSITORY = Path(__file__).parents[2]

DAG = """
from headrace.airflow import pipeline_dag

dag = pipeline_dag("tiny.py:create_pipeline", default_args={"retries": 0})
"""
TEMPLATED = """
from headrace.airflow import pipeline_dag

dag = pipeline_dag(
    "tiny.py:create_pipeline",
    dag_id="templated",
    parameters={"word": "{{ run_id }}", "count": 1},
)
"""
DURABLE = """
from datetime import timedelta

from headrace.airflow import pipeline_dag

dag = pipeline_dag(
    "tiny.py:create_pipeline",
    dag_id="durable",
    default_args={"retries": 1, "retry_delay": timedelta(seconds=1)},
)
"""
DEFERRABLE = """
from headrace.airflow import pipeline_dag

dag = pipeline_dag(
    "tiny.py:create_pipeline", dag_id="deferrable", deferrable=True, default_args={"retries": 0}
)
"""
SPANNED = """
from datetime import datetime, timezone
from pathlib import Path

from airflow.sdk import CronDataIntervalTimetable

from headrace.airflow import each_span, pipeline_dag, pushed_model, raw_data
from headrace.airflow.arrivals import arrivals_dag

TARGET = "spanned.py:create_pipeline"
COMMON = {"span_parameter": "span", "max_active_runs": 1, "default_args": {"retries": 0}}

daily = pipeline_dag(
    TARGET,
    dag_id="daily",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2013, 1, 1, tzinfo=timezone.utc),
    end_date=datetime(2013, 1, 9, tzinfo=timezone.utc),
    **COMMON,
)
arrivals = arrivals_dag(
    "spanned",
    Path(__file__).parents[1] / "arriving",
    since="20130103",
    poll_seconds=0.5,
    settle_seconds=1,
)
on_arrival = pipeline_dag(
    TARGET, dag_id="on_arrival", schedule=each_span(raw_data("spanned")), **COMMON
)
after_push = pipeline_dag(
    "tiny.py:create_pipeline", dag_id="after_push", schedule=each_span(pushed_model("spanned"))
)
"""
SCHEDULED = """
from datetime import datetime, timezone

from airflow.sdk import CronDataIntervalTimetable

from headrace.airflow import pipeline_dag

dag = pipeline_dag(
    "tiny.py:create_pipeline",
    dag_id="scheduled",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2013, 1, 1, tzinfo=timezone.utc),
    parameters={"word": "{{ data_interval_start | ds }}", "count": 1},
    default_args={"retries": 0},
)
"""
APPROVED = """
from headrace.airflow import pipeline_dag

dag = pipeline_dag(
    "tiny.py:create_pipeline", dag_id="approved", approve=["Use"], default_args={"retries": 0}
)
"""
BROKEN_DAG = """
from headrace.airflow import pipeline_dag

dag = pipeline_dag("broken.py:create_pipeline")
"""
BROKEN = """
def create_pipeline():
    return undefined_name
"""


@dataclass(frozen=True)
class Platform:
    """A project and the environment that its commands run in."""

    project: Path
    environ: dict[str, str]

    @property
    def home(self) -> Path:
        return Path(self.environ["HEADRACE_HOME"])

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "headrace.cli", *arguments]

    def headrace(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.project,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


def platform_of(project: Path, home: Path) -> Platform:
    repository_home = Path(os.environ.get("HEADRACE_HOME") or REPOSITORY / ".headrace")
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "HEADRACE_"))},
        "HEADRACE_PROJECT": str(project),
        "HEADRACE_HOME": str(home),
        "HEADRACE_TFX_PYTHON": str(Layout(repository_home).tfx_python),
        "PYTHONPATH": str(REPOSITORY),
    }
    return Platform(project, environ)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A project of one small pipeline, and of one that is broken."""
    project = tmp_path_factory.mktemp("project")
    (project / "dags").mkdir()
    for name in ("tiny.py", "spanned.py"):
        source = REPOSITORY / "tests" / "data" / "pipelines" / name
        (project / name).write_text(source.read_text())
    for day in ("20130101", "20130102"):
        (project / "arriving" / day).mkdir(parents=True)
        (project / "arriving" / day / "rows.csv").write_text("a,b\n1,2\n3,4\n")
    (project / "broken.py").write_text(BROKEN)
    (project / "dags" / "tiny.py").write_text(DAG)
    (project / "dags" / "templated.py").write_text(TEMPLATED)
    (project / "dags" / "durable.py").write_text(DURABLE)
    (project / "dags" / "deferrable.py").write_text(DEFERRABLE)
    (project / "dags" / "spanned.py").write_text(SPANNED)
    (project / "dags" / "scheduled.py").write_text(SCHEDULED)
    (project / "dags" / "approved.py").write_text(APPROVED)
    (project / "dags" / "broken.py").write_text(BROKEN_DAG)
    platform = platform_of(project, project / ".headrace")
    platform.environ["TINY_MARKER"] = str(project / "go-on")
    platform.environ["HEADRACE_DEFER_AFTER_SECONDS"] = "1"
    platform.environ["HEADRACE_LAUNCHER_HANDOVER_SECONDS"] = "30"
    yield platform
    platform.headrace("down")


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """This repository, with a state directory of its own."""
    platform = platform_of(REPOSITORY, tmp_path_factory.mktemp("home"))
    yield platform
    platform.headrace("down")
