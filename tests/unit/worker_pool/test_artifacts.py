import importlib
import logging
import sys
import zipfile
from pathlib import Path

import pytest

from headrace.worker_pool.artifacts import make_importable


@pytest.fixture
def import_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_a_staged_wheel_can_be_imported(tmp_path: Path, import_state: None) -> None:
    wheel = tmp_path / "staged" / "user_module_ab12-0.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("user_module_ab12.py", "ANSWER = 42\n")
    make_importable([wheel], tmp_path / "packages")
    assert importlib.import_module("user_module_ab12").ANSWER == 42
    assert list(tmp_path.joinpath("packages").iterdir()) == [tmp_path / "packages" / wheel.stem]


def test_what_would_have_to_be_installed_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, import_state: None
) -> None:
    names = ["requirements.txt", "mine-1.0.tar.gz", "tfx_ephemeral-1.21.0.tar.gz", "model.bin"]
    with caplog.at_level(logging.WARNING):
        make_importable([tmp_path / name for name in names], tmp_path)
    said = [record.getMessage() for record in caplog.records]
    assert [text.partition(" ")[0] for text in said] == ["requirements.txt", "mine-1.0.tar.gz"]
    assert "TFX environment" in said[0]
