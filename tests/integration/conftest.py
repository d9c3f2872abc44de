"""A state directory of the test session's own, and a launcher that ends with the session."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.launcher.client import stop_launcher
from headrace.layout import Layout
from headrace.settings import Settings, load_settings

PROJECT = Path(__file__).parents[2]


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
