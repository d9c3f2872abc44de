import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os, pathlib, sys
from headrace.errors import HeadraceError
from headrace.launcher.forked import fork_aside

def do():
    print("begun")
    {do}

fork_aside(do, pathlib.Path(sys.argv[1]))
print("not waited for", flush=True)
_, status = os.wait()
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.parametrize(
    ("do", "code", "said"),
    [
        ("pass", 0, "begun\n"),
        ("raise HeadraceError('the store is locked')", 1, "begun\nthe store is locked\n"),
    ],
)
def test_what_is_done_aside_says_so_in_a_log_of_its_own(
    do: str, code: int, said: str, tmp_path: Path
) -> None:
    log = tmp_path / "aside.log"
    log.write_text("before\n")
    script = SCRIPT.format(do=do)
    done = subprocess.run(
        [sys.executable, "-c", script, str(log)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "not waited for\n", "")
    assert sorted(log.read_text().splitlines()) == sorted(f"before\n{said}".splitlines())
