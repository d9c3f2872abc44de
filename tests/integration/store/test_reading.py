"""The commands that read the metadata store, over stores that real nodes have filled."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2 as pb

from headrace.cli.main import main
from headrace.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from headrace.ir.manifest import Manifest
from headrace.ir.store import current_ir
from headrace.launcher.client import JobFailed, LauncherClient, run_node
from headrace.launcher.jobs import NodeRequest
from headrace.settings import Settings
from tests.integration.postgres import Postgres, server

pytestmark = pytest.mark.integration

TINY = "tests/data/pipelines/tiny.py"


class Stores:
    """Runs nodes of the small pipelines against stores."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pipelines = {
            name: current_ir(f"{TINY}:{function}", settings)
            for name, function in (("tiny", "create_pipeline"), ("demanding", "create_demanding"))
        }

    def run(
        self,
        url: str,
        node: str,
        run: str,
        pipeline: str = "tiny",
        client: LauncherClient | None = None,
        **parameters: object,
    ) -> None:
        manifest: Manifest = self.pipelines[pipeline]
        request = NodeRequest(
            ir_path=manifest.ir_path,
            node_id=node,
            run_id=run,
            parameters=parameters,
            metadata_url=url,
            import_path=list(manifest.import_path),
            owner="test",
        )
        run_node(self.settings, request, lambda _: None, client)

    def fill(self, url: str) -> None:
        """r1 runs, r2 comes from the cache, r3 fails; another pipeline has an r1, too."""
        for run in ("r1", "r2"):
            self.run(url, "Make", run)
            self.run(url, "Use", run)
        self.run(url, "Make", "r3", word="other")
        with pytest.raises(JobFailed):
            self.run(url, "Use", "r3", mode="raise")
        self.run(url, "Make", "r1", pipeline="demanding", word="x")


@pytest.fixture(scope="module")
def stores(settings: Settings) -> Stores:
    return Stores(settings)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with server() as running:
        for name in ("filled", "empty"):
            running.query("postgres", f"create database {name}")
        yield running


@pytest.fixture(scope="module")
def sqlite_file(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "metadata.sqlite"
    stores.fill(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, stores: Stores) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('sqlite_file')}"
    url: str = request.getfixturevalue("postgres").url("filled")
    stores.fill(url)
    return url


class Command:
    """The command line, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], point_at: Callable[[str], None]) -> None:
        self.capsys, self.at = capsys, point_at
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        code = main(arguments)
        self.out, self.err = self.capsys.readouterr()
        return code

    def json(self, *arguments: str) -> Any:
        assert self(*arguments, "--json") == EXIT_DONE, self.err
        return json.loads(self.out)


@pytest.fixture
def command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.setenv("HEADRACE_HOME", str(settings.home))
    monkeypatch.setenv("HEADRACE_TFX_PYTHON", str(settings.tfx_python))
    return Command(capsys, lambda url: monkeypatch.setenv("HEADRACE_METADATA_URL", url))


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


@pytest.mark.parametrize("arguments", [["runs"], ["artifacts"], ["runs", "--pipeline", "x"]])
@pytest.mark.parametrize("kind", ["no file", "empty file", "empty database", "no database"])
def test_without_a_store_lists_are_empty_and_none_is_made(
    command: Command, arguments: list[str], kind: str, tmp_path: Path, request: Any
) -> None:
    file = tmp_path / "metadata.sqlite"
    url = f"sqlite:///{file}"
    if kind == "empty file":
        file.touch()
    if "database" in kind:
        postgres = request.getfixturevalue("postgres")
        url = postgres.url("empty" if kind == "empty database" else "nowhere")
    command.at(url)
    assert command.json(*arguments) == []
    assert command.err.startswith("nothing has run yet: there is no metadata store at ")
    assert command("show", "r1") == EXIT_FAILED
    assert command("lineage", "1") == EXIT_FAILED
    if "database" in kind:
        assert (
            postgres.query("empty", "select count(*) from pg_tables where schemaname = 'public'")
            == "0"
        )
        assert (
            postgres.query("postgres", "select datname from pg_database where datname = 'nowhere'")
            == ""
        )
    else:
        assert [(f.name, f.stat().st_size) for f in tmp_path.iterdir()] in ([], [(file.name, 0)])


def test_reading_changes_no_byte(command: Command, sqlite_file: Path, tmp_path: Path) -> None:
    alone = tmp_path / "metadata.sqlite"
    shutil.copy(sqlite_file, alone)
    before = alone.read_bytes()
    command.at(f"sqlite:///{alone}")
    for arguments in (["runs"], ["show", "r2"], ["artifacts"], ["lineage", "1"]):
        assert command(*arguments) == EXIT_DONE
    assert alone.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [alone.name]


@pytest.mark.parametrize(
    ("version", "advice"), [(9, "bin/headrace migrate"), (11, "newer headrace")]
)
def test_a_store_of_another_version_is_not_upgraded(
    command: Command, sqlite_file: Path, tmp_path: Path, version: int, advice: str
) -> None:
    other = tmp_path / "metadata.sqlite"
    shutil.copy(sqlite_file, other)
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("update MLMDEnv set schema_version = ?", (version,))
    before = other.read_bytes()
    command.at(f"sqlite:///{other}")
    assert command("runs") == EXIT_FAILED
    assert f"version {version}" in command.err
    assert advice in command.err
    assert other.read_bytes() == before


def test_what_a_killed_writer_left_half_written_is_not_shown(
    command: Command, sqlite_file: Path, tmp_path: Path
) -> None:
    copy, torn = tmp_path / "copy.sqlite", tmp_path / "torn.sqlite"
    shutil.copy(sqlite_file, copy)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("pragma cache_size = 1")
        connection.execute("update Context set name = 'half-' || name")
        row = "insert into ExecutionProperty (execution_id, name, is_custom_property, string_value)"
        rows = [(f"{row} values (1, ?, 1, ?)", (f"p{n}", "x" * 500)) for n in range(500)]
        for statement, values in rows:
            connection.execute(statement, values)
        # As the disk is after kill -9: part of the transaction in the file, the journal beside it.
        shutil.copy(copy, torn)
        shutil.copy(f"{copy}-journal", f"{torn}-journal")
        connection.rollback()
    assert b"half-" in torn.read_bytes()
    command.at(f"sqlite:///{torn}")
    assert {run["run_id"] for run in command.json("runs")} == {"r1", "r2", "r3"}


def test_a_file_that_is_no_store_is_named(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "metadata.sqlite"
    file.write_text("not a database at all\n" * 100)
    command.at(f"sqlite:///{file}")
    assert command("runs") == EXIT_FAILED
    assert command.err.startswith(f"headrace: metadata store sqlite:///{file}: file is not a")
    command.at(f"sqlite:///{tmp_path}")
    assert command("runs") == EXIT_FAILED
    assert "is no file" in command.err


def test_a_wrong_password_is_told_apart_from_an_empty_store_and_not_shown(
    command: Command, postgres: Postgres
) -> None:
    command.at(postgres.url("filled", "hunter2"))
    assert command("runs") == EXIT_FAILED
    assert "answers: check user, password" in command.err
    assert "hunter2" not in command.err


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
