import os
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest

from headrace.bootstrap.progress import Progress
from headrace.errors import HeadraceError, UsageError
from headrace.flink.jar import SOURCES, built_jar, explain_failure, provide_jar, require_runner_jar
from headrace.flink.paths import flink_paths
from headrace.settings import Settings
from headrace.settings.flink import FlinkSettings

RUNNER = "org/apache/beam/runners/flink/FlinkPipelineRunner.class"
MAVEN_FAILED = """\
[INFO] Scanning for projects...
[ERROR] Failed to execute goal on project x: Could not resolve dependencies: Could not transfer artifact a:b:jar:1 from/to central: Connection refused -> [Help 1]
[ERROR]
[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.
[ERROR] To resume the build, do this
"""  # noqa: E501


def jar_at(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, tmp_path / ".headrace", tmp_path / "python")


def test_a_jar_with_beams_runner_is_taken(tmp_path: Path, settings: Settings) -> None:
    jar = jar_at(tmp_path / "a.jar", RUNNER)
    named = Settings(tmp_path, settings.home, tmp_path / "p", flink=FlinkSettings(jar=jar))
    assert provide_jar(named, flink_paths(named), Progress()) == jar


def test_a_file_that_is_no_runner_jar_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no jar")
    jar_at(tmp_path / "other.jar", "x.class")
    for name, reason in [
        ("missing", "there is no file"),
        ("text", "not a zip file"),
        ("other.jar", "has no Flink runner"),
    ]:
        with pytest.raises(UsageError, match=reason) as caught:
            require_runner_jar(tmp_path / name)
        assert str(tmp_path / name) in caught.value.message


def test_a_built_jar_is_used_again_without_maven(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = flink_paths(settings)
    built_jar(paths).parent.mkdir(parents=True)
    jar_at(built_jar(paths), RUNNER)
    monkeypatch.setenv("PATH", "")
    assert provide_jar(settings, paths, Progress()) == built_jar(paths)


def test_without_maven_the_message_says_how_to_get_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'version \"17\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(java.parent))
    with pytest.raises(HeadraceError, match=r"(?s)no mvn on PATH.*HEADRACE_FLINK_JAR"):
        provide_jar(settings, flink_paths(settings), Progress())


def fake_maven(tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    maven = tmp_path / "programs" / "mvn"
    maven.parent.mkdir()
    maven.write_text(f"#!/bin/sh\n{script}\n")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{maven.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("headrace.flink.jar.require_java", lambda: _Java(tmp_path))


class _Java:
    def __init__(self, home: Path) -> None:
        self.home = home


def test_a_failed_build_leaves_nothing_and_says_why(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_maven(tmp_path, f"cat <<'END'\n{MAVEN_FAILED}END\nexit 1", monkeypatch)
    paths = flink_paths(settings)
    with pytest.raises(HeadraceError, match=r"Maven failed \(1\)") as caught:
        provide_jar(settings, paths, Progress())
    assert "Connection refused" in caught.value.message
    assert "re-run Maven" not in caught.value.message
    assert "settings.xml" in caught.value.hint
    assert [path.name for path in paths.jars.iterdir()] == [".lock"]
    assert "Scanning" in (settings.layout.logs / "flink-jar.log").read_text()


def test_a_build_replaces_the_jar_of_an_older_pom(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = jar_at(tmp_path / "made.jar", RUNNER)
    fake_maven(tmp_path, f"mkdir target && cp {made} target/beam-flink-runner.jar", monkeypatch)
    paths = flink_paths(settings)
    paths.jars.mkdir(parents=True)
    (paths.jars / "beam-flink-runner-older.jar").write_text("")
    jar = provide_jar(settings, paths, Progress())
    assert jar == built_jar(paths)
    assert sorted(path.name for path in paths.jars.iterdir()) == [".lock", jar.name]


def test_a_full_disk_is_said_as_such(tmp_path: Path) -> None:
    error = explain_failure(["[ERROR] No space left on device"], 1, tmp_path / "log", tmp_path)
    assert "the disk is full" in error.message


def test_the_jar_is_of_the_beam_that_the_tfx_environment_has() -> None:
    version = ElementTree.parse(SOURCES / "pom.xml").findtext(".//{*}beam.version")
    lock = (Path(__file__).parents[3] / "requirements" / "tfx.txt").read_text()
    assert f"\napache-beam=={version} " in lock
