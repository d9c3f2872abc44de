import os
import subprocess
import sys
from pathlib import Path

import psutil

from headrace.launcher.scratch import abandoned, make_scratch, remove_scratch


def test_only_the_user_can_enter_it(tmp_path: Path) -> None:
    made = make_scratch({"TMPDIR": str(tmp_path)})
    assert made.parent == tmp_path
    assert made.stat().st_mode & 0o777 == 0o700


def test_it_is_removed_with_what_is_in_it(tmp_path: Path) -> None:
    full, empty = (make_scratch({"TMPDIR": str(tmp_path)}) for _ in range(2))
    (full / "folder").mkdir()
    (full / "folder" / "file").write_text("left behind")
    remove_scratch(empty)
    assert not empty.exists()
    remove_scratch(full)
    for child in psutil.Process().children():
        if "rm" in child.name():
            child.wait(30)
    assert list(tmp_path.iterdir()) == []


def test_what_is_gone_already_is_no_error(tmp_path: Path) -> None:
    made = make_scratch({"TMPDIR": str(tmp_path)})
    made.rmdir()
    remove_scratch(made)
    assert not made.exists()


def test_only_what_the_dead_left_is_abandoned(tmp_path: Path) -> None:
    environ = {"TMPDIR": str(tmp_path)}
    make_scratch(environ)
    (tmp_path / "headrace-notes").mkdir()
    program = (
        "import sys; from headrace.launcher.scratch import make_scratch;"
        "print(make_scratch({'TMPDIR': sys.argv[1]}), flush=True); sys.stdin.read()"
    )
    maker = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert maker.stdout is not None
    made = Path(maker.stdout.readline().strip())
    assert list(abandoned(environ)) == []
    maker.kill()
    # Until its parent reaps it, a killed process has its pid still; some inits take their time.
    os.waitid(os.P_PID, maker.pid, os.WEXITED | os.WNOWAIT)
    assert list(abandoned(environ)) == [made]
    maker.wait()
    maker.stdout.close()
    assert list(abandoned(environ)) == [made]


def test_a_process_that_has_the_pid_of_a_dead_one_is_not_the_maker(tmp_path: Path) -> None:
    environ = {"TMPDIR": str(tmp_path)}
    made = make_scratch(environ)
    prefix, started, name = made.name.rsplit("-", 2)
    of_the_dead = made.with_name(f"{prefix}-{int(started) - 100}-{name}")
    of_the_dead.mkdir()
    assert list(abandoned(environ)) == [of_the_dead]
