import shutil
import subprocess
from pathlib import Path

import pytest

from headrace.bootstrap import command, stamps
from headrace.bootstrap.environments import Environment, plan_environment
from headrace.bootstrap.machine import Interpreter, running_interpreter, this_machine


@pytest.fixture
def environment(tmp_path):
    root = tmp_path / "root"
    (root / "headrace").mkdir(parents=True)
    (root / "requirements").mkdir()
    (root / "headrace" / "__init__.py").write_text("")
    (root / "pyproject.toml").write_text("")
    for name in ("tfx", "dev-tfx", "build"):
        (root / "requirements" / f"{name}.txt").write_text(f"{name}==1.0\n")
    made = Environment("tfx", tmp_path / "envs" / "tfx", root, repairs=())
    python = running_interpreter().executable
    command = [python, "-I", "-m", "venv", "--without-pip", made.directory]
    subprocess.run(command, check=True)
    return made


def plan(environment, with_tools=False, interpreter=None):
    return plan_environment(environment, interpreter or running_interpreter(), with_tools)


def finish(environment, with_tools=False):
    stamps.end_change(environment.directory, plan(environment, with_tools).wanted)


def test_a_finished_environment_needs_nothing(environment):
    finish(environment)
    assert plan(environment).nothing


def test_a_missing_environment_is_made_from_nothing(environment):
    finish(environment)
    shutil.rmtree(environment.directory)
    assert plan(environment).from_nothing


def test_a_changed_lock_changes_the_packages_in_place(environment):
    finish(environment)
    environment.lock.write_text("tfx==1.1\n")
    planned = plan(environment)
    assert (planned.from_nothing, planned.packages) == (False, True)


def test_a_changed_project_is_only_installed_again(environment):
    finish(environment)
    (environment.root / "pyproject.toml").write_text("[project]\n")
    planned = plan(environment)
    assert (planned.from_nothing, planned.packages, planned.project) == (False, False, True)


def test_installing_the_project_again_asks_whether_there_is_an_index(environment, tmp_path):
    finish(environment)
    (environment.root / "pyproject.toml").write_text("[project]\n")
    python = running_interpreter()
    assert command._situation(tmp_path, this_machine(), python, [plan(environment)]).downloads
    assert not command._situation(tmp_path, this_machine(), python, []).downloads


def test_an_interrupted_change_makes_the_environment_from_nothing(environment):
    finish(environment)
    stamps.begin_change(environment.directory)
    assert plan(environment).from_nothing


def test_an_environment_made_by_hand_is_brought_in_line_in_place(environment):
    planned = plan(environment)
    assert (planned.from_nothing, planned.packages, planned.project) == (False, True, True)


def test_another_interpreter_makes_the_environment_from_nothing(environment):
    finish(environment)
    other = Interpreter(Path("/opt/python/bin/python3.10"), (3, 10, 1))
    assert plan(environment, interpreter=other).from_nothing


def test_a_removed_interpreter_makes_the_environment_from_nothing(environment):
    finish(environment)
    for name in ("python", "python3"):
        link = environment.directory / "bin" / name
        link.unlink()
        link.symlink_to("/nonexistent/python3")
    assert plan(environment).from_nothing


def test_a_moved_environment_is_made_from_nothing(environment):
    finish(environment)
    moved = environment.directory.with_name("moved")
    environment.directory.rename(moved)
    assert plan(Environment("tfx", moved, environment.root)).from_nothing


def test_a_repair_that_becomes_needed_changes_the_packages(environment):
    finish(environment)
    moved = Environment("tfx", environment.directory, environment.root, ("ml-metadata",))
    assert plan(moved).packages


def test_the_tests_tools_are_added_when_they_are_wanted(environment):
    finish(environment)
    planned = plan(environment, with_tools=True)
    assert planned.packages
    assert planned.wanted.tools


def test_the_tests_tools_stay_when_nobody_asks_for_them(environment):
    finish(environment, with_tools=True)
    assert plan(environment).nothing


def test_a_changed_tools_lock_concerns_only_environments_that_have_the_tools(environment):
    finish(environment)
    environment.tools_lock.write_text("dev-tfx==2.0\n")
    assert plan(environment).nothing
    finish(environment, with_tools=True)
    environment.tools_lock.write_text("dev-tfx==3.0\n")
    assert plan(environment).packages
