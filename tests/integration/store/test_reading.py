"""The commands that read the metadata store, over stores that real nodes have filled."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2 as pb

from headrace.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from headrace.launcher.client import JobFailed, LauncherClient
from tests.integration.store.conftest import TINY, Command, Stores

pytestmark = pytest.mark.integration


def test_runs_are_listed_with_what_became_of_them(command: Command, filled: str) -> None:
    command.at(filled)
    runs = command.json("runs")
    assert [(run["run_id"], run["pipeline"], run["state"], run["nodes"]) for run in runs] == [
        ("r1", "demanding", "complete", {"complete": 1}),
        ("r3", "tiny", "failed", {"complete": 1, "failed": 1}),
        ("r2", "tiny", "complete", {"cached": 2}),
        ("r1", "tiny", "complete", {"complete": 2}),
    ]
    assert all(run["seconds"] > 0 and run["started"].endswith("Z") for run in runs)
    assert [
        run["run_id"] for run in command.json("runs", "--pipeline", "tiny", "--limit", "2")
    ] == [
        "r3",
        "r2",
    ]
    assert command.json("runs", "--limit", "0") == runs
    assert command("runs", "--pipeline", "fish") == EXIT_FAILED
    assert "no pipeline 'fish' has run\n  pipelines that have: demanding, tiny" in command.err


def test_a_run_is_shown_with_its_nodes_costs_and_outputs(command: Command, filled: str) -> None:
    command.at(filled)
    shown = command.json("show", "r1", "--pipeline", "tiny")
    make, use = shown["executions"]
    assert (make["node_id"], make["state"], make["cached"]) == ("Make", "complete", False)
    assert make["component"] == "tests.data.pipelines.tiny.Make"
    assert make["wall_seconds"] > 0
    assert make["peak_memory_bytes"] > 10_000_000
    assert (make["owner"], len(make["code"])) == ("test", 64)
    [output] = make["outputs"]
    assert (output["key"], output["type"], output["state"]) == ("text", "String", "live")
    assert Path(output["uri"]).read_text() == "ha-0.5-ha-0.5-"
    assert use["outputs"] == []
    cached = command.json("show", "r2")["executions"][0]
    assert (cached["state"], cached["cached"], cached["outputs"]) == ("cached", True, [output])
    assert cached["cache"] == f"from execution {make['execution_id']}"
    assert command("show", "r1", "--pipeline", "tiny") == EXIT_DONE
    assert "first execution" in command.out


def test_a_failed_node_says_why(command: Command, filled: str) -> None:
    command.at(filled)
    assert command("show", "r3") == EXIT_DONE
    assert "Use failed: " in command.out
    assert f"{Path(TINY).resolve()}:" in command.out
    assert ": ValueError: the text is of the wrong kind" in command.out
    assert "failed (1 complete, 1 failed)" in command.out


def test_a_run_is_found_by_the_beginning_of_its_id(command: Command, filled: str) -> None:
    command.at(filled)
    assert command("show", "r") == EXIT_USAGE
    assert "'r' is more than one run\n  give more of its id; it could be:" in command.err
    assert command("show", "r1") == EXIT_USAGE
    assert "say which pipeline's with --pipeline" in command.err
    assert command("show", "r9") == EXIT_FAILED
    assert "there is no run 'r9'" in command.err
    assert command.json("show", "r", "--pipeline", "demanding")["run_id"] == "r1"


def test_artifacts_are_listed_with_what_made_them(command: Command, filled: str) -> None:
    command.at(filled)
    everything = command.json("artifacts")
    made = [(a["pipeline"], a["run_id"], a["node_id"], a["key"]) for a in everything]
    assert made == [
        ("demanding", "r1", "Make", "text"),
        ("tiny", "r3", "Make", "text"),
        ("tiny", "r1", "Make", "text"),
    ]
    assert command.json("artifacts", "--pipeline", "tiny") == everything[1:]
    assert command.json("artifacts", "--run", "r2") == everything[2:]
    assert command.json("artifacts", "--type", "String", "--state", "live") == everything
    assert command.json("artifacts", "--state", "abandoned") == []
    assert command.json("artifacts", "--limit", "1") == everything[:1]
    assert command("artifacts", "--limit", "1") == EXIT_DONE
    assert command.err == "1 of 3; --limit 0 shows all\n"
    assert command("artifacts", "--type", "Modle") == EXIT_FAILED
    assert "no artifact of type 'Modle'\n  types that there are: String" in command.err


def test_the_lineage_of_an_artifact_goes_both_ways(command: Command, filled: str) -> None:
    command.at(filled)
    [*_, first] = command.json("artifacts")
    graph = command.json("lineage", str(first["id"]))
    assert [item["id"] for item in graph["artifacts"]] == [first["id"]]
    assert [item["node_id"] for item in graph["executions"]] == ["Make", "Use"]
    assert {link["kind"] for link in graph["links"]} == {"input", "output"}
    assert command("lineage", str(first["id"])) == EXIT_DONE
    make, use = (item["execution_id"] for item in graph["executions"])
    assert command.out.splitlines() == [
        f"String {first['id']}  {first['uri']}",
        "",
        f"made by Make (execution {make}, run r1 of tiny)",
        "",
        "read by",
        f"  Use (execution {use}) as text",
    ]
    assert command("lineage", "12345") == EXIT_FAILED
    assert "there is no artifact 12345" in command.err


def test_stores_that_pipelines_name_themselves_are_read_too(
    command: Command, sqlite_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.db"
    shutil.copy(sqlite_file, own)
    compiled = tmp_path / "home/ir/pipelines/tiny/key"
    compiled.mkdir(parents=True)
    config = {"databaseConnectionConfig": {"sqlite": {"filenameUri": str(own)}}}
    (compiled / "metadata_connection.json").write_text(json.dumps(config))
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HEADRACE_METADATA_URL", raising=False)
    assert len(command.json("runs")) == 4
    assert command.json("show", "r2")["state"] == "complete"
    artifacts = command.json("artifacts")
    assert {item["store"] for item in artifacts} == {f"sqlite:///{own}"}
    first = str(artifacts[-1]["id"])
    lineage = command.json("lineage", first, "--pipeline", "tiny")
    assert command.json("lineage", first) == lineage
    shutil.copy(sqlite_file, tmp_path / "home/metadata.sqlite")
    assert len(command.json("artifacts")) == 2 * len(artifacts)
    assert str(own) in command.json("lineage", first)["notice"]
    assert command("show", "r2") == EXIT_USAGE
    assert "a run 'r2' is in 2 metadata stores" in command.err


def test_a_running_node_is_seen_while_it_runs(
    command: Command, stores: Stores, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/metadata.sqlite"
    command.at(url)
    stores.run(url, "Make", "r1")
    client = LauncherClient(stores.settings)
    with ThreadPoolExecutor(1) as pool:
        use = pool.submit(stores.run, url, "Use", "r1", "tiny", client, mode="sleep")
        try:
            while command.json("runs")[0]["state"] != "running":
                assert not use.done()
            assert command.json("show", "r1")["executions"][1]["wall_seconds"] is None
        finally:
            client.cancel()
        assert isinstance(use.exception(), JobFailed)
    assert command.json("runs")[0]["state"] == "canceled"


def test_the_nodes_of_a_sub_pipeline_are_shown_in_the_outer_run(
    command: Command, tmp_path: Path
) -> None:
    """Contexts named as TFX's compiler names them."""
    file = tmp_path / "metadata.sqlite"
    config = pb.ConnectionConfig()
    config.sqlite.filename_uri = str(file)
    config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    store = mlmd.MetadataStore(config)
    kinds = {
        name: store.put_context_type(pb.ContextType(name=name))
        for name in ("pipeline", "pipeline_run", "node")
    }
    kind = store.put_execution_type(pb.ExecutionType(name="my.Make"))
    outer = [("pipeline", "outer"), ("pipeline_run", "r1")]
    inner = [("pipeline", "inner"), ("pipeline_run", "inner_r1"), ("node", "outer.inner")]
    for own in (
        [*inner, *outer, ("node", "inner.Make")],
        [*outer, ("node", "outer.Last")],
    ):
        contexts = [pb.Context(type_id=kinds[kind_of], name=name) for kind_of, name in own]
        execution = pb.Execution(type_id=kind, last_known_state=pb.Execution.COMPLETE)
        store.put_execution(execution, [], contexts, reuse_context_if_already_exist=True)
    command.at(f"sqlite:///{file}")
    [run] = command.json("runs")
    assert (run["run_id"], run["pipeline"], run["nodes"]) == ("r1", "outer", {"complete": 2})
    for name in ("r1", "inner_r1"):
        nodes = [item["node_id"] for item in command.json("show", name)["executions"]]
        assert nodes == ["inner.Make", "Last"]
