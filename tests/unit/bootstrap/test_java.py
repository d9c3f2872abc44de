from pathlib import Path

import pytest

from headrace.bootstrap.java import Java, find_java


def java_at(directory: Path, version: str) -> Path:
    program = directory / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    return tmp_path / "jvm"


def test_java_home_wins_over_path(tmp_path: Path, installed: Path) -> None:
    named = java_at(tmp_path / "named", "11.0.1")
    on_path = java_at(tmp_path / "on-path", "17.0.1")
    environ = {"JAVA_HOME": str(tmp_path / "named"), "PATH": str(on_path.parent)}
    assert find_java(environ, installed) == Java(named, 11)


def test_an_unusable_java_on_path_gives_way_to_an_installed_one(
    tmp_path: Path, installed: Path
) -> None:
    too_new = java_at(tmp_path / "on-path", "21.0.1")
    usable = java_at(installed / "java-17-openjdk-amd64", "17.0.2")
    assert find_java({"PATH": str(too_new.parent)}, installed) == Java(usable, 17)


def test_an_unusable_java_is_still_named_where_there_is_no_other(
    tmp_path: Path, installed: Path
) -> None:
    old = java_at(tmp_path / "on-path", "1.8.0_292")
    found = find_java({"PATH": str(old.parent)}, installed)
    assert found == Java(old, 8)
    assert not found.is_usable


def test_a_java_that_does_not_run_is_none(tmp_path: Path, installed: Path) -> None:
    broken = java_at(tmp_path / "on-path", "17")
    broken.write_text("#!/bin/sh\nexit 1\n")
    assert find_java({"PATH": str(broken.parent)}, installed) is None
    assert find_java({"PATH": str(tmp_path)}, installed) is None
