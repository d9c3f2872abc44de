import subprocess
import sys
import threading
from pathlib import Path

from headrace.bootstrap.locking import setup_lock

ROOT = Path(__file__).resolve().parents[3]


def test_a_second_set_up_says_whom_it_waits_for_and_then_goes_on(tmp_path):
    path = tmp_path / "envs" / ".lock"
    code = (
        "import sys; from pathlib import Path; from headrace.bootstrap.locking import setup_lock\n"
        f"with setup_lock(Path({str(path)!r}), print):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        waits, got = [], threading.Event()

        def on_wait(process):
            waits.append(process)
            holder.stdin.close()

        with setup_lock(path, on_wait):
            got.set()
    assert waits == [str(holder.pid)]
    assert got.is_set()


def test_a_free_lock_is_taken_without_a_word(tmp_path):
    for _ in range(2):
        with setup_lock(tmp_path / "lock", lambda _: (_ for _ in ()).throw(AssertionError)):
            assert (tmp_path / "lock").read_text().strip().isdigit()
