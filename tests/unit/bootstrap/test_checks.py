import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.bootstrap import checks
from headrace.bootstrap.checks import Situation, Status
from headrace.bootstrap.machine import Interpreter, Machine, running_interpreter

DEBIAN = Machine("linux", "x86_64", (2, 36), 16 * 10**9, "debian", as_root=False)
NEEDS_COMPILER = pytest.mark.skipif(
    checks.find_compiler(os.environ) == "", reason="this machine has no C++ compiler"
)


@pytest.fixture
def situation(tmp_path):
    """A machine with an empty PATH, on which everything still has to be made."""
    (tmp_path / "bin").mkdir()
    return Situation(
        machine=DEBIAN,
        interpreter=replace(running_interpreter(), version=(3, 12, 1)),
        include=tmp_path / "include",
        environ={"PATH": str(tmp_path / "bin"), "UV_CACHE_DIR": str(tmp_path / "cache")},
        home=tmp_path / "home",
        new_bytes=1000,
        replaced=(),
        compiles=True,
        downloads=True,
        without_index=False,
        pip=(),
        has_installer=False,
        installed_javas=tmp_path / "javas",
    )


def test_no_compiler_is_missing_with_the_command_that_installs_one(situation):
    check = checks.check_compiler(situation)
    assert check.status is Status.MISSING
    assert check.remedy == "sudo apt-get install -y g++"


def test_no_compiler_is_no_matter_when_nothing_is_compiled(situation):
    assert checks.check_compiler(replace(situation, compiles=False)).status is Status.OK


def test_a_compiler_that_does_not_compile_counts_as_none(situation):
    fake = Path(situation.environ["PATH"]) / "g++"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    assert checks.check_compiler(situation).status is Status.MISSING


@NEEDS_COMPILER
def test_a_compiler_that_works_is_found(situation):
    check = checks.check_compiler(replace(situation, environ=dict(os.environ)))
    assert check.status is Status.OK


def test_missing_headers_name_the_interpreters_own_package(situation):
    check = checks.check_headers(situation)
    assert check.status is Status.MISSING
    assert check.remedy == "sudo apt-get install -y python3.12-dev"
    assert "Python.h" in check.found


def test_headers_that_are_there_are_found(situation):
    situation.include.mkdir()
    (situation.include / "Python.h").write_text("")
    assert checks.check_headers(situation).status is Status.OK


@pytest.mark.parametrize(
    ("family", "command"),
    [
        ("debian", "sudo apt-get install -y g++"),
        ("fedora", "sudo dnf install -y gcc-c++"),
        ("alpine", "sudo apk add g++"),
        ("", "install it: C++ compiler"),
    ],
)
def test_the_remedy_is_that_of_the_distribution(situation, family, command):
    machine = replace(DEBIAN, family=family)
    assert checks.check_compiler(replace(situation, machine=machine)).remedy == command


def test_root_needs_no_sudo():
    assert replace(DEBIAN, as_root=True).install_command(["g++", "g++"]) == "apt-get install -y g++"


@pytest.mark.parametrize(
    ("machine", "status", "said"),
    [
        (DEBIAN, Status.OK, "repaired"),
        (replace(DEBIAN, glibc=(2, 39)), Status.OK, "as published"),
        (replace(DEBIAN, glibc=(2, 31)), Status.MISSING, "2.34 or newer"),
        (replace(DEBIAN, glibc=None), Status.MISSING, "without glibc"),
        (replace(DEBIAN, architecture="aarch64"), Status.MISSING, "linux on aarch64"),
        (replace(DEBIAN, system="darwin"), Status.MISSING, "darwin"),
    ],
)
def test_only_platforms_that_tfx_has_wheels_for_are_accepted(situation, machine, status, said):
    check = checks.check_platform(replace(situation, machine=machine))
    assert check.status is status
    assert said in check.found


@pytest.mark.parametrize(
    ("version", "status"), [((3, 9, 1), "missing"), ((3, 10, 0), "ok"), ((3, 14, 0), "missing")]
)
def test_only_supported_pythons_are_accepted(situation, version, status):
    interpreter = Interpreter(Path("/usr/bin/python"), version)
    check = checks.check_python(replace(situation, interpreter=interpreter))
    assert check.status == Status(status)


def test_a_disk_that_is_too_small_says_how_much_is_free_and_needed(situation):
    free = shutil.disk_usage(situation.home.parent).free
    check = checks.check_disk(replace(situation, new_bytes=free * 2))
    assert check.status is Status.MISSING
    assert "GB free, needed are" in check.found
    assert "HEADRACE_HOME" in check.remedy


def test_a_disk_with_room_is_accepted(situation):
    assert checks.check_disk(situation).status is Status.OK


def test_the_index_is_not_asked_when_nothing_is_downloaded(situation):
    quiet = replace(situation, downloads=False, pip=("/nonexistent/pip",))
    assert checks.check_network(quiet).status is Status.OK


def test_the_index_is_not_asked_when_pip_is_told_to_do_without(situation):
    told = replace(situation, without_index=True, pip=("/nonexistent/pip",))
    assert checks.check_network(told).status is Status.OK


def test_an_index_that_does_not_answer_is_missing_without_the_proxys_password(situation):
    environ = {**situation.environ, "HTTPS_PROXY": "http://me:secret@127.0.0.1:9"}
    check = checks.check_network(replace(situation, pip=("/nonexistent/pip",), environ=environ))
    assert check.status is Status.MISSING
    assert "http://****@127.0.0.1:9" in check.found
    assert "secret" not in check.found


def test_an_index_that_does_not_answer_only_warns_when_everything_is_cached(situation):
    cache = Path(situation.environ["UV_CACHE_DIR"])
    cache.mkdir()
    (cache / "wheel").write_bytes(b"x" * 2000)
    check = checks.check_network(replace(situation, pip=("/nonexistent/pip",), has_installer=True))
    assert check.status is Status.WARN


@pytest.mark.parametrize(
    ("printed", "status"),
    [
        ('openjdk version "17.0.15" 2025-04-15', Status.OK),
        ('openjdk version "11.0.2" 2019-01-15', Status.OK),
        ('java version "1.8.0_292"', Status.WARN),
        ('openjdk version "21" 2023-09-19', Status.WARN),
    ],
)
def test_java_is_judged_by_the_version_that_it_prints(situation, printed, status):
    java = Path(situation.environ["PATH"]) / "java"
    java.write_text(f"#!/bin/sh\necho '{printed}' >&2\n")
    java.chmod(0o755)
    assert checks.check_java(situation).status is status


def test_what_single_commands_need_never_stops_the_set_up(situation):
    found = checks.optional_checks(situation)
    assert {check.name.split(" ")[0] for check in found} == {
        "memory",
        "Java",
        "Maven",
        "PostgreSQL",
    }
    assert checks.lacking(found) == []


def test_everything_that_is_lacking_is_found_at_once(situation):
    names = [check.name for check in checks.lacking(checks.setup_checks(situation))]
    assert names == ["C++ compiler", "Python headers"]
