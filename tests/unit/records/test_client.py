from dataclasses import replace
from pathlib import Path

import pytest

from headrace.errors import HeadraceError
from headrace.records.client import ask
from headrace.records.questions import RunsQuestion
from headrace.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, tmp_path / "a b", tmp_path / "no" / "python")


def test_a_missing_environment_is_named(settings: Settings) -> None:
    with pytest.raises(HeadraceError, match="cannot be run: No such file") as caught:
        ask(settings, RunsQuestion(1))
    assert "headrace setup" in caught.value.hint


def test_a_process_that_breaks_is_an_error_with_its_last_words(
    settings: Settings, tmp_path: Path
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'No module named ml_metadata' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(HeadraceError, match="cannot be read") as caught:
        ask(replace(settings, tfx_python=broken), RunsQuestion(1))
    assert caught.value.hint == "No module named ml_metadata"
