import os
import shutil

import pytest

from headrace.verification import system
from headrace.verification.system import Package


def test_nothing_is_installed_outside_of_ci(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = [Package("postgresql", "are skipped"), Package("maven", "fail")]
    monkeypatch.setattr(system, "missing_packages", lambda environ, with_flink: missing)
    system.provide_packages({"PATH": os.environ["PATH"]}, with_flink=True)
    said = capsys.readouterr().out
    assert "tests that need postgresql are skipped" in said
    assert "tests that need maven fail" in said
    assert "apt-get install -y --no-install-recommends postgresql maven" in said
    assert not system.may_install({"CI": "false"})


def test_in_ci_root_of_a_debian_may_install() -> None:
    allowed = os.getuid() == 0 and shutil.which("apt-get") is not None
    assert system.may_install({"CI": "true"}) is allowed


def test_a_ready_jar_needs_no_maven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    def names(environ: dict[str, str], with_flink: bool) -> set[str]:
        return {package.name for package in system.missing_packages(environ, with_flink)}

    assert "maven" in names({}, with_flink=True)
    assert "maven" not in names({"HEADRACE_FLINK_JAR": "/x.jar"}, with_flink=True)
    servers = {"postgresql", "mariadb-server", "chromium-driver"}
    assert not names({}, with_flink=False) - servers
