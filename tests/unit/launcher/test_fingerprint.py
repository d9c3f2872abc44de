from pathlib import Path

import pytest

import headrace
from headrace.launcher.fingerprint import environment_fingerprint
from headrace.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    packages = tmp_path / "env" / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    (tmp_path / "env" / "pyvenv.cfg").write_text("version = 3.12")
    return Settings(tmp_path, tmp_path, tmp_path / "env" / "bin" / "python")


def test_it_stays_the_same_while_nothing_changes(settings: Settings) -> None:
    assert environment_fingerprint(settings) == environment_fingerprint(settings)


def test_it_changes_when_a_package_is_installed(settings: Settings) -> None:
    before = environment_fingerprint(settings)
    (settings.home / "env/lib/python3.12/site-packages/new").mkdir()
    assert environment_fingerprint(settings) != before


def test_it_changes_with_headraces_own_sources(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "headrace"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(headrace, "__file__", str(package / "__init__.py"))
    before = environment_fingerprint(settings)
    (package / "__init__.py").write_text("# changed")
    assert environment_fingerprint(settings) != before
