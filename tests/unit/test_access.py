"""What a process without root's privileges finds closed; setpriv takes them from the tests' own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.access import closed_directory

ROOT = Path(__file__).parents[2]
PRIVILEGES = "-dac_override,-dac_read_search"


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    directory = tmp_path / "closed"
    directory.mkdir(mode=0o000)
    return directory


def told(pattern: Path) -> str:
    code = "import sys; from headrace.access import closed_directory as f; print(f(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(pattern)]
    if os.getuid() == 0:
        setpriv = shutil.which("setpriv")
        assert setpriv is not None, "util-linux has setpriv"
        command = [setpriv, f"--bounding-set={PRIVILEGES}", f"--inh-caps={PRIVILEGES}", *command]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("below", ["", "*", "span-{SPAN}/*", "a/b.csv"])
def test_a_closed_directory_is_named_whatever_is_asked_of_it(closed: Path, below: str) -> None:
    assert told(closed / below) == str(closed)


def test_one_behind_a_wildcard_is_not_looked_for(closed: Path) -> None:
    assert told(closed.parent / "*" / "x.csv") == "None"


def test_what_is_open_or_not_there_is_not_closed(tmp_path: Path) -> None:
    assert closed_directory(str(tmp_path / "*")) is None
    assert closed_directory(str(tmp_path / "nowhere" / "*")) is None
