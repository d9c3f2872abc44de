"""The metadata store on a real PostgreSQL, and on a real MariaDB by its MySQL protocol."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as pb

from headrace.ir.manifest import Manifest
from headrace.ir.store import current_ir
from headrace.launcher.client import JobFailed, run_node
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.node.metadata import open_metadata
from headrace.settings import Settings, parse_metadata_url
from headrace.store.opening import open_to_read
from headrace.store.unavailable import StoreUnavailable
from tests.integration import mariadb, postgres
from tests.integration.mariadb import MariaDB
from tests.integration.postgres import PASSWORD, Postgres
from tests.processes import command_lines
from tests.waiting import wait_until

pytestmark = pytest.mark.integration


Server = Postgres | MariaDB


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    if request.param == "postgresql":
        with postgres.server() as running:
            running.query("postgres", "create database mlmd")
            yield running
    else:
        # ML Metadata makes the database itself, where it may.
        with mariadb.server() as other:
            yield other


@pytest.fixture(scope="module")
def tiny(settings: Settings) -> Manifest:
    return current_ir("tests/data/pipelines/tiny.py:create_pipeline", settings)


def run(
    settings: Settings,
    tiny: Manifest,
    url: str,
    node: str,
    run_id: str,
    word: str = "",
    on_frame: Callable[[object], None] = lambda frame: None,
) -> NodeResult:
    request = NodeRequest(
        ir_path=tiny.ir_path,
        node_id=node,
        run_id=run_id,
        parameters={"word": word or run_id} if node == "Make" else {},
        metadata_url=url,
        import_path=list(tiny.import_path),
    )
    return run_node(settings, request, on_frame)


def test_nodes_run_and_read_each_others_artifacts(
    settings: Settings, tiny: Manifest, server: Server
) -> None:
    url = server.url("mlmd")
    made = run(settings, tiny, url, "Make", "one")
    used = run(settings, tiny, url, "Use", "one")
    assert (made.state, used.state) == ("COMPLETE", "COMPLETE")
    execution = "execution" if isinstance(server, Postgres) else "Execution"
    count = server.query("mlmd", f"select count(*) from {execution} where last_known_state = 3")
    assert count == "2"


def test_the_next_node_runs_where_the_store_is_open_and_known(
    settings: Settings, tiny: Manifest, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_LOG_LEVEL", "DEBUG")
    numbers = itertools.count()

    def was_ready() -> bool:
        said: list[str] = []
        name = f"ready{next(numbers)}"
        made = run(settings, tiny, server.url("mlmd"), "Make", name, on_frame=_to(said))
        assert made.state == "COMPLETE"
        [calls] = [text for text in said if "The metadata store was called" in text]
        return "GetExecutionTypes" in calls  # nothing else asks for all

    wait_until(was_ready)


def _to(said: list[str]) -> Callable[[object], None]:
    return lambda frame: said.append(getattr(frame, "message", ""))


def test_a_text_with_a_backslash_is_kept_as_it_is(
    settings: Settings, tiny: Manifest, server: Server
) -> None:
    url, word = server.url("mlmd"), 'C:\\new "\n\\'
    made = run(settings, tiny, url, "Make", "backslash", word=word)
    used = run(settings, tiny, url, "Use", "backslash")
    assert (made.state, used.state) == ("COMPLETE", "COMPLETE")
    store = open_to_read(parse_metadata_url(url, Path("/")))
    assert store is not None
    [execution] = store.get_executions_by_id([made.execution_id])
    assert execution.custom_properties["word"].string_value == word


def test_a_node_without_its_inputs_fails_for_that_reason(
    settings: Settings, tiny: Manifest, server: Server
) -> None:
    with pytest.raises(JobFailed, match=r"node Use did not run: .*min_count") as caught:
        run(settings, tiny, server.url("mlmd"), "Use", "alone")
    assert "did the nodes before it run" in caught.value.error.hint


def test_a_database_that_does_not_exist_is_made_where_that_is_allowed(
    settings: Settings, tiny: Manifest, server: Server
) -> None:
    assert run(settings, tiny, server.url("another"), "Make", "one").state == "COMPLETE"


def end_connections(server: Postgres) -> None:
    """End those of all others to the store."""
    others = "from pg_stat_activity where pid <> pg_backend_pid() and datname = 'mlmd'"
    server.query("mlmd", f"select pg_terminate_backend(pid) {others}")


def test_a_connection_that_broke_between_two_steps_is_made_anew(
    server: Server, tmp_path: Path
) -> None:
    if not isinstance(server, Postgres):
        pytest.skip("only PostgreSQL is asked here to end others' connections")
    metadata = open_metadata(server.url("mlmd"), tmp_path)
    with metadata as handle:
        handle.store.get_artifacts()
    end_connections(server)
    with metadata as handle:
        assert handle.store.put_artifact_type(pb.ArtifactType(name="AfterTheBreak")) > 0
        end_connections(server)
        assert handle.store.get_artifact_type("AfterTheBreak").name == "AfterTheBreak"
    assert metadata.calls["open"] == 3


def test_a_call_that_writes_is_not_repeated_where_the_connection_broke_in_it(
    server: Server, tmp_path: Path
) -> None:
    if not isinstance(server, Postgres):
        pytest.skip("only PostgreSQL is asked here to end others' connections")
    with open_metadata(server.url("mlmd"), tmp_path) as handle:
        handle.store.get_artifacts()
        end_connections(server)
        with pytest.raises(StoreUnavailable) as caught:
            handle.store.put_artifact_type(pb.ArtifactType(name="InTheBreak"))
    assert caught.value.transient
    assert "the connection broke" in caught.value.hint


def test_a_server_that_is_started_again_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with postgres.servers() as own:
        own.address.query("postgres", "create database mlmd")
        metadata = open_metadata(own.address.url("mlmd"), tmp_path)
        with metadata as handle:
            handle.store.get_artifacts()
        own.stop()
        again = threading.Timer(1.5, own.start)
        again.start()
        with metadata as handle:
            assert handle.store.put_artifact_type(pb.ArtifactType(name="AfterTheStart")) > 0
        again.join()
    said = [record.getMessage() for record in caplog.records]
    assert any("connecting again" in text for text in said)
    assert any("tried again in 0.5 s (call 1 of 5 failed)" in text for text in said)


def test_cached_outputs_keep_their_names_however_the_rows_of_artifacts_lie(
    settings: Settings, server: Server
) -> None:
    if not isinstance(server, Postgres):
        pytest.skip("rows of an updated artifact move in PostgreSQL only")
    two = current_ir("tests/data/pipelines/two_outputs.py:create_pipeline", settings)
    url = server.url("mlmd")
    made = run(settings, two, url, "Both", "first")
    first = min(item.id for item in made.outputs)
    one = f"select type_id from artifact where id = {first}"
    server.query("mlmd", f"update artifact set name = name where id = {first}")
    server.query("mlmd", f"update type set name = name where id in ({one})")
    server.query("mlmd", "analyze")  # as autovacuum does; so small a table is read as it lies
    [*_, last] = server.query("mlmd", "select id from artifact").splitlines()
    assert int(last) == first
    again = run(settings, two, url, "Both", "second")
    assert again.cached
    assert {item.key: item.id for item in again.outputs} == {
        item.key: item.id for item in made.outputs
    }
    assert run(settings, two, url, "Read", "second").state == "COMPLETE"


def test_nodes_of_many_runs_register_at_once(
    settings: Settings, tiny: Manifest, server: Server
) -> None:
    if isinstance(server, Postgres):
        server.query("postgres", "create database new")
    url = server.url("new")  # nothing is there yet, neither table nor type
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(lambda n: run(settings, tiny, url, "Make", f"many{n}", word="same"), range(8))
        )
    assert len({result.execution_id for result in made}) == 8
    names = "type" if isinstance(server, Postgres) else "Type"
    doubles = f"select name from {names} group by name, type_kind having count(*) > 1"
    assert server.query("new", doubles) == ""
    table = "context" if isinstance(server, Postgres) else "Context"
    # Of the pipeline, of the node, of the cache key that all have, and one for each run.
    assert server.query("new", f"select count(*) from {table}") == "11"


def test_a_wrong_password_is_a_clear_error_that_does_not_show_it(
    settings: Settings, tiny: Manifest, server: Server
) -> None:
    with pytest.raises(JobFailed) as caught:
        run(settings, tiny, server.url("mlmd", "hunter2"), "Make", "two")
    text = f"{caught.value} {caught.value.error}"
    assert f"metadata store {server.url('mlmd').partition(':')[0]}://tester@127.0.0.1" in text
    assert "answers: check user, password" in text
    assert "hunter2" not in text


def test_the_password_is_in_no_log_no_file_no_process_list_and_not_in_the_store(
    settings: Settings, tiny: Manifest, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_LOG_LEVEL", "DEBUG")
    said: list[str] = []

    def look_at_processes(frame: object) -> None:
        said.extend((str(frame), *command_lines()))

    result = run(settings, tiny, server.url("mlmd"), "Make", "three", on_frame=look_at_processes)
    assert any("headrace.launcher.server" in text for text in said)
    texts = [*said, str(result), *(f.read_text() for f in settings.home.rglob("*.json"))]
    texts += [log.read_text() for log in settings.layout.logs.rglob("*.log")]
    table = "executionproperty" if isinstance(server, Postgres) else "ExecutionProperty"
    texts.append(server.query("mlmd", f"select * from {table}"))
    quoted = server.url("mlmd").partition("tester:")[2].partition("@127")[0]
    assert quoted
    assert not [text for text in texts if PASSWORD in text or quoted in text]


def test_a_server_that_is_not_there_is_named(settings: Settings, tiny: Manifest) -> None:
    named = r"metadata store postgresql://me@127\.0\.0\.1:1/mlmd"
    with pytest.raises(JobFailed, match=named) as caught:
        run(settings, tiny, "postgresql://me:x@127.0.0.1:1/mlmd", "Make", "four")
    assert "nothing answers at 127.0.0.1:1" in str(caught.value)
    assert caught.value.error.transient
