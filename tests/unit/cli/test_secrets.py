"""No command shows the password of the metadata store, whatever it says of the store."""

from pathlib import Path

import pytest

from headrace.cli.main import main

PASSWORD = "hunter2-of-the-store"


@pytest.mark.parametrize(
    "arguments",
    [
        ["status", "--json"],
        ["status"],
        ["backup"],
        ["restore", "/etc/hosts"],
        ["migrate"],
        ["run", "nowhere.py:create_pipeline"],
        ["compile", "nowhere.py:create_pipeline"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:{}@127.0.0.1:1/mlmd",
        "mysql://me:{}@127.0.0.1:99999/x",
        "postgrsql://me:{}@h/x",
    ],
)
def test_no_command_shows_it(
    arguments: list[str],
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HEADRACE_PROJECT", str(tmp_path))
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HEADRACE_TFX_PYTHON", "/nowhere/python")
    monkeypatch.setenv("HEADRACE_METADATA_URL", url.format(PASSWORD))
    code = main(arguments)
    said = capfd.readouterr()
    assert said.out + said.err
    assert code != 0
    assert PASSWORD not in said.out + said.err
