import json
import os
from pathlib import Path
from typing import Any

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2 as pb

from headrace.errors import UsageError
from headrace.node import metadata as metadata_module
from headrace.node.metadata import connection_config, open_metadata
from headrace.settings import parse_metadata_url
from headrace.store.unavailable import StoreUnavailable


def test_a_server_url_becomes_mlmds_configuration() -> None:
    url = "postgresql://me:p%40ss@db:6543/mlmd?sslmode=require"
    server = connection_config(parse_metadata_url(url, Path("/"))).postgresql
    assert (server.host, server.port, server.dbname) == ("db", "6543", "mlmd")
    assert (server.user, server.password, server.ssloption.sslmode) == ("me", "p@ss", "require")
    mysql = connection_config(parse_metadata_url("mysql://me:x@db/mlmd", Path("/"))).mysql
    assert (mysql.host, mysql.port, mysql.database, mysql.user) == ("db", 3306, "mlmd", "me")


def test_the_directory_of_a_new_store_is_made(tmp_path: Path) -> None:
    file = tmp_path / "new" / "deep" / "metadata.sqlite"
    with open_metadata(f"sqlite:///{file}", tmp_path / "pipeline.json") as handle:
        assert handle.store.get_executions() == []
    assert file.is_file()


def test_without_a_url_the_pipelines_own_connection_is_used(tmp_path: Path) -> None:
    own = tmp_path / "metadata_connection.json"
    database = tmp_path / "own.sqlite"
    sqlite = {"filenameUri": str(database), "connectionMode": "READWRITE_OPENCREATE"}
    own.write_text(json.dumps({"databaseConnectionConfig": {"sqlite": sqlite}}))
    with open_metadata("", tmp_path / "pipeline.json") as handle:
        assert handle.store.get_executions() == []
    assert database.is_file()


def test_no_store_at_all_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no metadata store is set") as caught:
        open_metadata("", tmp_path / "pipeline.json")
    assert "HEADRACE_METADATA_URL" in caught.value.hint


def test_a_url_that_cannot_be_used_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="starts with sqlite:///"):
        open_metadata("oracle://x", tmp_path)


@pytest.mark.parametrize(
    ("prepare", "hint"),
    [
        (lambda file: file.write_text("no database at all, but long enough" * 40), "damaged"),
        (lambda file: file.mkdir(), "cannot be written"),
    ],
    ids=["another file", "a directory"],
)
def test_what_is_no_store_is_named(tmp_path: Path, prepare, hint: str) -> None:
    file = tmp_path / "metadata.sqlite"
    prepare(file)
    with (
        pytest.raises(StoreUnavailable) as caught,
        open_metadata(f"sqlite:///{file}", tmp_path) as handle,
    ):
        handle.store.get_executions()
    assert f"metadata store sqlite:///{file}" in caught.value.message
    assert hint in caught.value.hint


def test_what_does_not_exist_is_still_told_as_mlmd_tells_it(tmp_path: Path) -> None:
    with (
        open_metadata(f"sqlite:///{tmp_path}/m.sqlite", tmp_path) as handle,
        pytest.raises(mlmd.errors.NotFoundError),
    ):
        handle.store.get_artifact_type("Model")


def test_a_store_is_used_again_by_the_next_step_and_opened_anew_after_a_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = open_metadata(f"sqlite:///{tmp_path}/m.sqlite", tmp_path)
    with metadata, metadata:
        pass
    with metadata as handle:
        handle.store.get_executions()
    assert metadata.calls == {"open": 1, "GetExecutions": 1}
    with pytest.raises(RuntimeError, match="not in enter state"):
        _ = metadata.store
    monkeypatch.setattr(metadata_module, "_REST_SECONDS", 0.0)
    with metadata:
        pass
    assert metadata.calls["open"] == 2


def test_a_forked_process_opens_a_store_of_its_own(tmp_path: Path) -> None:
    metadata = open_metadata(f"sqlite:///{tmp_path}/m.sqlite", tmp_path)
    with metadata as handle:
        handle.store.put_artifact_type(pb.ArtifactType(name="Model"))
        pid = os.fork()
        if pid == 0:
            try:
                with metadata as mine:
                    name = mine.store.get_artifact_type("Model").name
                os._exit(0 if (name, metadata.calls["open"]) == ("Model", 2) else 3)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert handle.store.get_artifact_type("Model").name == "Model"


def test_what_is_written_can_be_added_to_and_is_told_of(tmp_path: Path) -> None:
    metadata = open_metadata(f"sqlite:///{tmp_path}/m.sqlite", tmp_path)
    written = []

    def add(name: str, request: Any) -> None:
        if name == "PutExecution":
            request.execution.custom_properties["note"].string_value = "added"

    metadata.on_write = add
    metadata.on_written = lambda name, request, response: written.append(name)
    with metadata as handle:
        kind = handle.store.put_execution_type(pb.ExecutionType(name="Component"))
        made, _, _ = handle.store.put_execution(pb.Execution(type_id=kind), [], [])
        [found] = handle.store.get_executions_by_id([made])
    assert found.custom_properties["note"].string_value == "added"
    assert written == ["PutExecutionType", "PutExecution"]
