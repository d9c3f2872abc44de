import os
import shutil

import pytest

from headrace.verification import system


def test_nothing_is_installed_outside_of_ci(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system, "missing_packages", lambda: ["postgresql"])
    system.provide_packages({"PATH": os.environ["PATH"]})
    assert "apt-get install" in capsys.readouterr().out
    assert not system.may_install({"CI": "false"})


def test_in_ci_root_of_a_debian_may_install() -> None:
    allowed = os.getuid() == 0 and shutil.which("apt-get") is not None
    assert system.may_install({"CI": "true"}) is allowed
