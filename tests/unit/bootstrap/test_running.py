import errno
import fcntl
import io
import os
import sys

import pytest

from headrace.bootstrap.progress import Progress
from headrace.bootstrap.running import Runner, clean_environment, explain_os_error
from headrace.errors import HeadraceError


@pytest.fixture
def runner(tmp_path):
    descriptor = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    yield Runner(
        Progress(io.StringIO()), dict(os.environ), descriptor, tmp_path / "log", (tmp_path,)
    )
    os.close(descriptor)


def python(code):
    return [sys.executable, "-c", code]


def test_a_command_that_works_leaves_its_output_in_the_log(runner):
    runner.run("it", python("print('hello')"))
    assert runner.log.read_text() == "hello\n"


def test_a_failed_command_says_what_it_said_last_and_where_the_rest_is(runner):
    with pytest.raises(
        HeadraceError, match=r"(?s)the work: .*failed \(3\).*no such thing"
    ) as caught:
        runner.run("the work", python("print('no such thing'); raise SystemExit(3)"))
    assert str(runner.log) in caught.value.hint


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("error: No space left on device (os error 28)", "the disk is full"),
        ("Caused by: Connection refused (os error 111)", "package index cannot be reached"),
        ("Hash mismatch for `x==1`", "not the one that the lock names"),
    ],
)
def test_known_failures_are_named_with_what_to_do(runner, line, said):
    with pytest.raises(HeadraceError, match=said) as caught:
        runner.run("the work", python(f"print({line!r}); raise SystemExit(2)"))
    assert caught.value.hint


def test_a_killed_command_names_the_signal(runner):
    with pytest.raises(HeadraceError, match="SIGKILL"):
        runner.run("the work", python("import os; os.kill(os.getpid(), 9)"))


def test_passwords_reach_neither_the_log_nor_the_error(runner):
    code = "print('GET https://me:s3cret@mirror.invalid/x'); raise SystemExit(1)"
    with pytest.raises(HeadraceError) as caught:
        runner.run("the work", python(code))
    assert "s3cret" not in str(caught.value) + runner.log.read_text()
    assert "https://****@mirror.invalid/x" in str(caught.value)


def test_a_command_inherits_the_lock_so_that_an_orphan_keeps_it(runner):
    fcntl.flock(runner.lock, fcntl.LOCK_EX)
    code = f"import fcntl; fcntl.flock({runner.lock}, fcntl.LOCK_EX | fcntl.LOCK_NB); print('held')"
    runner.run("it", python(code))
    assert runner.log.read_text() == "held\n"


def test_a_full_disk_of_our_own_writing_says_the_same(tmp_path):
    error = explain_os_error(OSError(errno.ENOSPC, "No space left on device"), (tmp_path,))
    assert "the disk is full" in error.message


def test_a_directory_that_cannot_be_written_says_how_to_name_another(tmp_path):
    error = explain_os_error(PermissionError(errno.EACCES, "Permission denied", "/x"), (tmp_path,))
    assert error.message == "/x: Permission denied"
    assert "HEADRACE_HOME" in error.hint


def test_what_would_bend_another_interpreter_is_not_passed_on():
    environ = {"PYTHONPATH": "/x", "PYTHONHOME": "/y", "VIRTUAL_ENV": "/z", "HOME": "/h"}
    assert clean_environment(environ) == {"HOME": "/h", "PYTHONNOUSERSITE": "1"}


@pytest.mark.parametrize("name", ["UV_NO_VERIFY_HASHES", "UV_SYSTEM_PYTHON", "PIP_TARGET"])
def test_variables_that_would_get_round_the_locks_are_not_passed_on(name):
    assert name not in clean_environment({name: "1"})


def test_mirrors_proxies_and_caches_are_passed_on():
    environ = {"UV_DEFAULT_INDEX": "https://mirror.invalid", "PIP_CERT": "/c", "UV_CACHE_DIR": "/d"}
    assert environ.items() <= clean_environment(environ).items()
