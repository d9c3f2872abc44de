"""The commands that keep a project in order, over a store that real nodes have filled."""

import gc
import sqlite3
from contextlib import closing
from pathlib import Path

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2 as pb

from headrace.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from tests.integration.store.conftest import Project

pytestmark = pytest.mark.integration


def test_old_artifacts_go_when_told_to_and_their_nodes_run_again(project: Project) -> None:
    [old] = project.make("r1", "old").outputs
    [new] = project.make("r2", "new").outputs
    policy = ("gc", "--older-than", "0", "--keep", "1")
    assert project(*policy) == EXIT_DONE
    assert "tiny      1" in project.out
    assert "--delete" in project.err
    assert Path(old.uri).exists()
    [done] = project.json(*policy, "--delete")
    assert [item["id"] for item in done["artifacts"]] == [old.id]
    assert done["pipelines"] == {"tiny": {"artifacts": 1, "bytes": len("old-0.5-" * 2)}}
    assert not Path(old.uri).exists()
    assert Path(new.uri).exists()
    assert project.states() == {old.id: "deleted", new.id: "live"}
    assert (project.make("r3", "new").state, project.make("r4", "old").state) == (
        "CACHED",
        "COMPLETE",
    )


def test_a_store_goes_back_to_a_copy_while_nothing_runs(project: Project, tmp_path: Path) -> None:
    project.make("r1", "first")
    copy = tmp_path / "copy.sqlite"
    assert project.json("backup", str(copy))["artifacts"] == 1
    project.make("r2", "second")
    assert project("restore", str(copy)) == EXIT_USAGE
    assert "the launcher" in project.err
    project.environ("HEADRACE_HOME", str(tmp_path / "idle"))
    previous = project.json("restore", str(copy))["previous"]
    assert len(project.states()) == 1
    assert len(project.at(f"sqlite:///{previous}").states()) == 2


def test_an_older_schema_is_upgraded_when_told_to_with_a_copy_first(
    project: Project, tmp_path: Path
) -> None:
    file = tmp_path / "metadata.sqlite"
    config = pb.ConnectionConfig()
    config.sqlite.filename_uri = str(file)
    config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    store = mlmd.MetadataStore(config)
    kind = store.put_artifact_type(pb.ArtifactType(name="Model"))
    store.put_artifacts([pb.Artifact(type_id=kind, uri="/nowhere", state=pb.Artifact.LIVE)])
    del store
    mlmd.downgrade_schema(config, 9)
    project.environ("HEADRACE_HOME", str(tmp_path / "idle"))
    assert project("runs") == EXIT_FAILED
    assert "bin/headrace migrate" in project.err
    done = project.json("migrate")
    assert (done["before"], schema(Path(done["backup"])), schema(file)) == (9, 9, done["after"])
    assert project.states() == {1: "live"}
    assert project.json("migrate")["backup"] == ""


def schema(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("select schema_version from MLMDEnv").fetchone()[0])


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_repair_closes_nothing_that_it_does_not_know_to_be_dead(
    project: Project, backend: str, request: pytest.FixtureRequest
) -> None:
    if backend == "sqlite":
        check_repair(project)
        return
    postgres = request.getfixturevalue("postgres")
    postgres.query("postgres", "create database kept")
    check_repair(project.at(postgres.url("kept")))
    [done] = project.json("gc", "--older-than", "0", "--keep", "0", "--delete")
    assert len(done["artifacts"]) == 1


def check_repair(project: Project) -> None:
    """A finished execution, and an open one of which nobody knows whose it is."""
    from headrace.settings import parse_metadata_url
    from headrace.store.opening import open_to_write

    project.make("r1", "first")
    store = open_to_write(parse_metadata_url(project.url, Path("/")))
    assert store is not None
    [finished] = store.get_executions()
    unknown = pb.Execution(type_id=finished.type_id, last_known_state=pb.Execution.RUNNING)
    [number] = store.put_executions([unknown])
    del store
    gc.collect()  # its connection, which a server waits for
    assert project("doctor", "--repair") == EXIT_DONE
    assert "left alone" in project.out
    assert "nothing to repair" in project.out
    assert project("doctor", "--repair", "--execution", str(finished.id)) == EXIT_USAGE
    done = project.json("doctor", "--repair", "--execution", str(number))
    [closed] = [item for found in done["executions"].values() for item in found]
    assert (closed["execution_id"], closed["state"]) == (number, "FAILED")
