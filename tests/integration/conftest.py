"""A state directory of the test session's own, and a launcher that ends with the session."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from headrace.launcher.client import stop_launcher
from headrace.layout import Layout
from headrace.settings import Settings, load_settings

if TYPE_CHECKING:
    from tests.integration.pipelines.runs import Run

PROJECT = Path(__file__).parents[2]
FEW_FLIGHTS = "tests/data/pipelines/few_flights.py"
SMS = "pipelines/sms/pipeline.py:create_pipeline"


def tfx_python() -> str:
    home = Path(os.environ.get("HEADRACE_HOME") or PROJECT / ".headrace")
    return str(Layout(home).tfx_python)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    home = tmp_path_factory.mktemp("home")
    found = load_settings(
        PROJECT,
        environ={"HEADRACE_HOME": str(home), "HEADRACE_TFX_PYTHON": tfx_python()},
    )
    yield found
    stop_launcher(found)


@pytest.fixture(scope="session")
def headrace_settings(settings: Settings) -> Settings:
    """Of the fixture ``component``: its other runners use this session's launcher."""
    return settings


@pytest.fixture(scope="session")
def few_flights(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> "Run":
    """A sample of flights, run by headrace on the direct runner, as run ``direct-flights``."""
    from tests.integration.pipelines.runs import Run

    run = Run(tmp_path_factory.mktemp("few_flights"))
    run.through_headrace(settings, f"{FEW_FLIGHTS}:create_pipeline", "--run-id=direct-flights")
    return run


@pytest.fixture(scope="session")
def sms_run(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> "Run":
    """The text pipeline, run by headrace on the direct runner, as run ``direct-sms``."""
    from tests.integration.pipelines.runs import Run

    run = Run(tmp_path_factory.mktemp("sms"))
    run.through_headrace(settings, SMS, "--run-id=direct-sms", "--param=epochs=4")
    return run
