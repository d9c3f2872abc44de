from dataclasses import replace
from pathlib import Path

import pytest

from headrace.errors import HeadraceError, UsageError
from headrace.records.client import ask, store_url
from headrace.records.questions import RunsQuestion
from headrace.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, tmp_path / "a b", tmp_path / "no" / "python")


def test_the_store_is_the_settings_or_the_file_in_the_state_directory(settings: Settings) -> None:
    assert store_url(settings) == f"sqlite:///{settings.project}/a%20b/metadata.sqlite"
    given = replace(settings, metadata_url="postgresql://me:x@db/mlmd", metadata_conn_id="mlmd")
    assert store_url(given) == "postgresql://me:x@db/mlmd"


def test_a_store_that_only_airflow_knows_is_wrong_use(settings: Settings) -> None:
    with pytest.raises(UsageError, match="Connection 'mlmd'") as caught:
        store_url(replace(settings, metadata_conn_id="mlmd"))
    assert "HEADRACE_METADATA_URL" in caught.value.hint


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
