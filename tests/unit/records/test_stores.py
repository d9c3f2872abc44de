import json
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.errors import UsageError
from headrace.ir.layout import IrLayout
from headrace.records.stores import own_store_url, store_urls, url_of
from headrace.settings import Settings, parse_metadata_url


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, tmp_path / "a b", tmp_path / "no" / "python")


def names_its_own(settings: Settings, pipeline: str, key: str, file: Path) -> None:
    folder = IrLayout(settings.layout.ir).ir_file(pipeline, key).parent
    folder.mkdir(parents=True)
    config = {"databaseConnectionConfig": {"sqlite": {"filenameUri": str(file)}}}
    (folder / "metadata_connection.json").write_text(json.dumps(config))


@pytest.mark.parametrize("text", ["[]", "7", '{"databaseConnectionConfig": 7}', "[" * 20_000])
def test_a_damaged_file_names_no_store(tmp_path: Path, text: str) -> None:
    (tmp_path / "connection.json").write_text(text)
    assert own_store_url(tmp_path / "connection.json") == ""


def test_the_store_is_the_settings_or_the_file_in_the_state_directory(settings: Settings) -> None:
    assert store_urls(settings) == [f"sqlite:///{settings.project}/a%20b/metadata.sqlite"]
    given = replace(settings, metadata_url="postgresql://me:x@db/mlmd", metadata_conn_id="mlmd")
    assert store_urls(given) == ["postgresql://me:x@db/mlmd"]


def test_a_store_that_only_airflow_knows_is_wrong_use(settings: Settings) -> None:
    with pytest.raises(UsageError, match="Connection 'mlmd'") as caught:
        store_urls(replace(settings, metadata_conn_id="mlmd"))
    assert "HEADRACE_METADATA_URL" in caught.value.hint


def test_stores_that_pipelines_name_come_after_it_once_they_are_there(
    settings: Settings, tmp_path: Path
) -> None:
    used, unused = tmp_path / "taxi.db", tmp_path / "unused.db"
    used.touch()
    for number, (pipeline, file) in enumerate(
        [("taxi", used), ("taxi", used), ("birds", used), ("fish", unused)]
    ):
        names_its_own(settings, pipeline, f"key{number}", file)
    default, *own = store_urls(settings)
    assert default.endswith("/metadata.sqlite")
    assert own == [f"sqlite:///{used}"]
    assert store_urls(replace(settings, metadata_url="sqlite:////a")) == ["sqlite:////a"]


def test_a_connection_becomes_the_url_that_means_it() -> None:
    mysql = {"host": "db", "port": 3307, "database": "ml/md", "user": "me", "password": "a@b:/c"}
    url = parse_metadata_url(url_of({"mysql": mysql}), Path("/"))
    assert (url.host, url.port, url.database) == ("db", 3307, "ml/md")
    assert (url.user, url.password) == ("me", "a@b:/c")
    postgres = {"host": "db", "port": "5432", "dbname": "m", "ssloption": {"sslmode": "require"}}
    url = parse_metadata_url(url_of({"postgresql": postgres}), Path("/"))
    assert (url.backend, url.port, url.options) == ("postgresql", 5432, {"sslmode": "require"})
    assert url_of({"fakeDatabase": {}}) == ""
