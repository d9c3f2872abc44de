"""Runs bin/headrace itself on a copy of the project, with stand-ins for its environments."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from headrace.bootstrap.machine import running_interpreter

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ("bash", "cat", "env", "readlink", "sha256sum")
STAND_IN = '#!/bin/sh\nshift\necho "ran: $*"\n'


@pytest.fixture
def project(tmp_path):
    """A copy of what the wrapper reads, and a PATH with nothing on it but what it calls."""
    root = tmp_path / "project"
    shutil.copytree(ROOT / "bin", root / "bin")
    shutil.copytree(ROOT / "requirements", root / "requirements")
    shutil.copytree(
        ROOT / "headrace", root / "headrace", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", root)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    return root


def run(project, *arguments, cwd=None, wrapper=None, **environ):
    base = {"HOME": str(project.parent), "PATH": str(project.parent / "bin")}
    return subprocess.run(
        [str(wrapper or project / "bin" / "headrace"), *arguments],
        cwd=cwd or project.parent,
        env={**base, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def add_python(project, name):
    link = project.parent / "bin" / name
    link.symlink_to(running_interpreter().executable)
    return link


def add_broken_python(project, name):
    shim = project.parent / "bin" / name
    shim.write_text("#!/bin/sh\necho 'version not selected' >&2\nexit 127\n")
    shim.chmod(0o755)


def finish(project, tools="base", asked="", home=None):
    envs = (home or project / ".headrace") / "envs"
    for name in ("airflow", "tfx"):
        python = envs / name / "bin" / "python"
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text(STAND_IN)
        python.chmod(0o755)
    whole = hashlib.sha256()
    files = [
        *sorted((project / "requirements").glob("*.txt")),
        project / "pyproject.toml",
        *sorted((project / "headrace" / "bootstrap").glob("*.py")),
    ]
    for file in files:
        whole.update(file.read_bytes())
    (envs / ".ready").write_text(f"{whole.hexdigest()} {project}\n{asked}\n{tools}\n")


def python_of(result):
    checks = json.loads(result.stdout)["checks"]
    return next(check["found"] for check in checks if check["name"] == "python")


def test_a_finished_set_up_runs_the_command_with_its_arguments(project):
    finish(project)
    result = run(project, "runs", "--json", "a b")
    assert (result.returncode, result.stdout) == (0, "ran: runs --json a b\n")


def test_it_works_through_symbolic_links_from_any_directory(project):
    finish(project)
    (project.parent / "links").mkdir()
    link = project.parent / "links" / "hr"
    link.symlink_to("../project/bin/headrace")
    second = project.parent / "links" / "again"
    second.symlink_to("hr")
    assert run(project, "runs", cwd="/", wrapper=second).stdout == "ran: runs\n"


def test_the_state_directory_can_be_elsewhere(project, tmp_path):
    finish(project, home=tmp_path / "state")
    assert run(project, "runs", HEADRACE_HOME=str(tmp_path / "state")).stdout == "ran: runs\n"
    assert run(project, "runs", HEADRACE_HOME="../state", cwd="/").stdout == "ran: runs\n"


@pytest.mark.parametrize(
    "changed", ["requirements/tfx.txt", "pyproject.toml", "headrace/bootstrap/elf.py"]
)
def test_a_changed_file_makes_it_look_closer(project, changed):
    finish(project)
    with (project / changed).open("a") as file:
        file.write("# changed\n")
    result = run(project, "runs")
    assert result.returncode == 1
    assert "ran:" not in result.stdout


def test_a_missing_environment_makes_it_look_closer(project):
    finish(project)
    (project / ".headrace" / "envs" / "tfx" / "bin" / "python").unlink()
    assert "ran:" not in run(project, "runs").stdout


@pytest.mark.parametrize("command", ["test", "bench"])
def test_the_tests_and_the_campaigns_of_bench_need_their_tools(project, command):
    finish(project)
    assert "ran:" not in run(project, command, "-x").stdout
    finish(project, tools="dev")
    assert run(project, command, "-x").stdout == f"ran: {command} -x\n"


def test_another_interpreter_that_is_asked_for_makes_it_look_closer(project):
    finish(project, asked="python3.12")
    assert run(project, "runs", HEADRACE_PYTHON="python3.12").stdout == "ran: runs\n"
    assert "ran:" not in run(project, "runs", HEADRACE_PYTHON="python3.13").stdout
    assert run(project, "runs").stdout == "ran: runs\n"


def test_no_python_at_all_is_one_clear_error(project):
    result = run(project, "runs")
    assert result.returncode == 1
    assert result.stderr.startswith("headrace: no working Python")
    assert "HEADRACE_PYTHON" in result.stderr


@pytest.mark.parametrize("named", ["/nonexistent/python", "python3.12"])
def test_an_interpreter_that_does_not_work_is_wrong_use(project, named):
    add_broken_python(project, "python3.12")
    result = run(project, "doctor", HEADRACE_PYTHON=named)
    assert result.returncode == 2
    assert named in result.stderr


def test_an_interpreter_that_only_looks_like_one_is_passed_over(project):
    add_broken_python(project, "python3.12")
    add_python(project, "python3.11")
    result = run(project, "doctor", "--json")
    assert str(running_interpreter().executable) in python_of(result)


@pytest.mark.parametrize("asked", ["", "python3.12"])
def test_versions_of_pyenv_are_found_when_its_commands_fail(project, tmp_path, asked):
    add_broken_python(project, "python3.12")
    versions = tmp_path / "pyenv" / "versions" / "3.12.1" / "bin"
    versions.mkdir(parents=True)
    (versions / "python3.12").symlink_to(running_interpreter().executable)
    pyenv = str(tmp_path / "pyenv")
    result = run(project, "doctor", "--json", PYENV_ROOT=pyenv, HEADRACE_PYTHON=asked)
    assert str(running_interpreter().executable) in python_of(result)


def test_the_interpreter_of_the_last_set_up_is_kept(project):
    add_broken_python(project, "python3.12")
    envs = project / ".headrace" / "envs"
    envs.mkdir(parents=True)
    (envs / ".python").write_text(f"{running_interpreter().executable}\n")
    result = run(project, "doctor", "--json")
    assert str(running_interpreter().executable) in python_of(result)


def test_the_doctor_needs_no_environment_and_makes_none(project):
    add_python(project, "python3.12")
    result = run(project, "doctor", "--json")
    names = [check["name"] for check in json.loads(result.stdout)["checks"]]
    assert {"platform", "C++ compiler", "disk", "tfx environment"} <= set(names)
    assert not (project / ".headrace").exists()


def test_a_machine_without_a_compiler_is_told_so_before_anything_is_installed(project, tmp_path):
    # The interpreter of an environment with a compiled package of its own, 3.11 or newer.
    if running_interpreter().version < (3, 11):
        pytest.skip("pyfarmhash has a wheel for Python 3.10: no compiler is needed")
    add_python(project, "python3.12")
    result = run(project, "runs", UV_CACHE_DIR=str(tmp_path / "cache"), PIP_NO_INDEX="1")
    assert result.returncode == 1
    assert "nothing was installed" in result.stderr
    assert "C++ compiler: none on PATH" in result.stderr
    assert sorted(os.listdir(project / ".headrace" / "envs")) == [".lock"]
