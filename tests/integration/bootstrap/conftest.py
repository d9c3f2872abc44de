import os
from pathlib import Path

import pytest

from headrace.layout import Layout

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def state():
    """The state directory that the tests themselves run from."""
    return Layout(Path(ROOT, os.environ.get("HEADRACE_HOME", ".headrace")))


@pytest.fixture(scope="session")
def installer(state):
    """The directory of the set-up's own uv and of a Python with pip."""
    directory = state.home / "tools" / "bin"
    if not (directory / "uv").is_file():
        pytest.skip("needs the installer that bin/headrace setup makes")
    return directory
