"""Nodes through the launcher: real TFX, a real store, processes that die."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ml_metadata as mlmd
import psutil
import pytest
from ml_metadata.proto import metadata_store_pb2 as pb

from headrace.errors import HeadraceError
from headrace.ir.manifest import Manifest
from headrace.ir.store import current_ir
from headrace.launcher.client import (
    JobFailed,
    JobKilled,
    LauncherClient,
    LauncherUnavailable,
    run_node,
)
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.launcher.protocol import EventFrame, Frame, LogFrame
from headrace.launcher.starting import launcher_process
from headrace.settings import LauncherMode, Settings

pytestmark = pytest.mark.integration

TINY = "tests/data/pipelines/tiny.py"


@pytest.fixture(scope="module")
def tiny(settings: Settings) -> Manifest:
    return current_ir(f"{TINY}:create_pipeline", settings)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "metadata.sqlite"


@pytest.fixture(params=list(LauncherMode))
def anyhow(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    return replace(settings, launcher=request.param)


class Tiny:
    """Runs nodes of the tiny pipeline against one store."""

    def __init__(self, settings: Settings, manifest: Manifest, database: Path) -> None:
        self.settings, self.manifest, self.database = settings, manifest, database
        self.frames: list[Frame] = []

    def run(
        self,
        node: str,
        run: str = "r1",
        client: LauncherClient | None = None,
        on_frame: Callable[[Frame], None] | None = None,
        **parameters: object,
    ) -> NodeResult:
        return run_node(
            self.settings,
            self.request(node, run, parameters),
            on_frame or self.frames.append,
            client,
        )

    def request(self, node: str, run: str, parameters: dict) -> NodeRequest:
        return NodeRequest(
            ir_path=self.manifest.ir_path,
            node_id=node,
            run_id=run,
            parameters=parameters,
            metadata_url=f"sqlite:///{self.database}",
            import_path=list(self.manifest.import_path),
            owner="test",
        )

    def store(self) -> mlmd.MetadataStore:
        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = str(self.database)
        return mlmd.MetadataStore(config)

    def states(self) -> list[str]:
        executions = self.store().get_executions()
        return [pb.Execution.State.Name(item.last_known_state) for item in executions]


@pytest.fixture
def runs(settings: Settings, tiny: Manifest, database: Path) -> Tiny:
    return Tiny(settings, tiny, database)


def processes_with(text: str) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if text in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            pass
    return found


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.05)


def started_pid(frames: list[Frame]) -> int:
    return next((f.pid for f in frames if isinstance(f, EventFrame) and f.pid), 0)


def test_a_node_reports_its_execution_outputs_and_cost(
    anyhow: Settings, tiny: Manifest, database: Path
) -> None:
    runs = Tiny(anyhow, tiny, database)
    result = runs.run("Make", word="ho", count=3)
    assert (result.state, result.cached) == ("COMPLETE", False)
    [output] = result.outputs
    assert (output.key, output.type) == ("text", "String")
    assert Path(output.uri).read_text() == "ho-0.5-" * 3
    [execution] = runs.store().get_executions_by_id([result.execution_id])
    kept = execution.custom_properties
    assert kept["headrace_wall_seconds"].double_value == pytest.approx(
        result.wall_seconds, abs=1e-3
    )
    assert kept["headrace_cpu_seconds"].double_value == pytest.approx(result.cpu_seconds, abs=1e-3)
    assert kept["headrace_peak_memory_bytes"].int_value == result.peak_memory_bytes > 10_000_000
    assert kept["headrace_owner"].string_value == "test"


def test_what_a_component_prints_arrives_once_with_its_level(
    anyhow: Settings, tiny: Manifest, database: Path
) -> None:
    runs = Tiny(anyhow, tiny, database)
    runs.run("Make", word="once")
    lines = [frame for frame in runs.frames if isinstance(frame, LogFrame)]
    assert [line.level for line in lines if line.message == "making once 2 times"] == ["INFO"]
    texts = [(line.message, line.logger) for line in lines if "Going to run" in line.message]
    assert len(texts) == len(set(texts)) == 1
    assert not [line for line in lines if "retry options" in line.message]


def test_the_next_run_is_served_from_the_cache(runs: Tiny) -> None:
    first = runs.run("Make", run="a")
    second = runs.run("Make", run="b")
    assert (second.state, second.cached) == ("CACHED", True)
    assert [item.id for item in second.outputs] == [item.id for item in first.outputs]


def test_a_failure_names_the_authors_line(anyhow: Settings, tiny: Manifest, database: Path) -> None:
    runs = Tiny(anyhow, tiny, database)
    runs.run("Make")
    with pytest.raises(JobFailed) as caught:
        runs.run("Use", mode="raise")
    source = Path(TINY).resolve()
    line = 1 + source.read_text().splitlines().index(
        '        raise ValueError("the text is of the wrong kind")'
    )
    message = f"node Use: {source}:{line}: ValueError: the text is of the wrong kind"
    assert caught.value.message == message
    assert runs.states() == ["COMPLETE", "FAILED"]


def test_a_failed_node_is_run_again_under_one_execution(runs: Tiny) -> None:
    runs.run("Make")
    with pytest.raises(JobFailed):
        runs.run("Use", mode="raise")
    assert runs.run("Use", mode="fine").state == "COMPLETE"
    assert runs.states() == ["COMPLETE", "COMPLETE"]


def test_a_completed_node_asked_for_again_reports_what_it_did(runs: Tiny) -> None:
    first = runs.run("Make")
    again = runs.run("Make")
    assert (again.state, again.execution_id) == ("COMPLETE", first.execution_id)
    assert again.outputs == first.outputs
    assert runs.states() == ["COMPLETE"]


def test_a_node_without_its_inputs_fails_and_says_so(runs: Tiny) -> None:
    with pytest.raises(JobFailed, match="node Use did not run"):
        runs.run("Use")
    assert runs.states() == ["FAILED"]


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"count": "3"}, "parameter 'count' must be of type int, not '3'"),
        ({"count": True}, "parameter 'count' must be of type int"),
        ({"scale": "x"}, "parameter 'scale' must be of type float"),
        ({"cuont": 1}, "unknown parameter 'cuont'"),
    ],
)
def test_a_wrong_parameter_is_named_and_nothing_runs(
    runs: Tiny, parameters: dict, named: str
) -> None:
    with pytest.raises(JobFailed) as caught:
        runs.run("Make", **parameters)
    assert named in str(caught.value)
    assert not runs.database.exists() or runs.states() == []


def test_a_parameter_without_a_default_must_be_given(settings: Settings, database: Path) -> None:
    runs = Tiny(settings, current_ir(f"{TINY}:create_demanding", settings), database)
    with pytest.raises(JobFailed, match="parameter 'word' has no default"):
        runs.run("Make")
    assert runs.run("Make", word="x").state == "COMPLETE"


def test_a_node_that_kills_itself_is_reported_and_its_retry_succeeds(
    runs: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_MARKER", str(tmp_path / "marker"))
    runs.run("Make")
    with pytest.raises(JobKilled, match="SIGKILL"):
        runs.run("Use", mode="kill-once")
    assert runs.states() == ["COMPLETE", "RUNNING"]
    assert runs.run("Use", mode="kill-once").state == "COMPLETE"
    assert runs.states() == ["COMPLETE", "COMPLETE"]


def test_the_last_words_of_a_crash_are_kept(runs: Tiny) -> None:
    runs.run("Make")
    with pytest.raises(JobKilled, match="SIGSEGV"):
        runs.run("Use", mode="segfault")
    said = "\n".join(frame.message for frame in runs.frames if isinstance(frame, LogFrame))
    assert "Segmentation fault" in said
    assert "tiny.py" in said


def test_a_cancelled_node_leaves_no_process_and_is_closed_in_the_store(
    anyhow: Settings, tiny: Manifest, database: Path
) -> None:
    runs = Tiny(anyhow, tiny, database)
    runs.run("Make")
    client = LauncherClient(anyhow)
    failures: list[HeadraceError] = []

    def work() -> None:
        try:
            runs.run("Use", client=client, mode="spawn")
        except HeadraceError as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_until(lambda: processes_with("sleep 602"))
    client.cancel()
    thread.join(30)
    assert not thread.is_alive()
    assert len(failures) == 1
    wait_until(lambda: not processes_with("sleep 601") and not processes_with("sleep 602"))
    assert runs.states() in (["COMPLETE", "CANCELED"], ["COMPLETE", "FAILED"])


def test_a_client_that_is_killed_takes_its_node_along(runs: Tiny, tmp_path: Path) -> None:
    runs.run("Make")
    script = tmp_path / "client.py"
    script.write_text(
        "import sys, pickle\n"
        "from headrace.launcher.client import run_node\n"
        "settings, request = pickle.load(open(sys.argv[1], 'rb'))\n"
        "run_node(settings, request, lambda frame: print(frame, flush=True))\n"
    )
    import pickle

    arguments = tmp_path / "arguments"
    arguments.write_bytes(
        pickle.dumps((runs.settings, runs.request("Use", "r1", {"mode": "sleep"})))
    )
    process = subprocess.Popen(
        [sys.executable, str(script), str(arguments)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = next(line for line in process.stdout if "started" in line)
    pid = int(line.partition("pid=")[2].partition(",")[0])
    wait_until(lambda: runs.states() == ["COMPLETE", "RUNNING"])
    process.kill()
    process.wait()
    wait_until(lambda: not psutil.pid_exists(pid))
    wait_until(lambda: runs.states() == ["COMPLETE", "CANCELED"])


def test_the_server_survives_its_children_and_serves_many_at_once(
    settings: Settings, tiny: Manifest, tmp_path: Path
) -> None:
    runs = Tiny(settings, tiny, tmp_path / "shared.sqlite")
    server = launcher_process(settings)
    assert server is not None
    results: list[NodeResult] = []
    threads = [
        threading.Thread(
            target=lambda n=n: results.append(runs.run("Make", run=f"r{n}", word=f"w{n}"))
        )
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.run_id for result in results) == sorted(f"r{n}" for n in range(12))
    assert runs.states() == ["COMPLETE"] * 12
    assert launcher_process(settings) == server


def test_a_killed_server_fails_its_job_clearly_and_is_started_again(runs: Tiny) -> None:
    runs.run("Make")
    server = launcher_process(runs.settings)
    assert server is not None

    def kill_when_started(frame: Frame) -> None:
        runs.frames.append(frame)
        if started_pid([frame]):
            server.kill()

    with pytest.raises(LauncherUnavailable, match="the launcher ended while it ran the job"):
        runs.run("Use", on_frame=kill_when_started, mode="sleep")
    wait_until(lambda: not psutil.pid_exists(started_pid(runs.frames)))
    assert runs.run("Use", mode="fine").state == "COMPLETE"
    assert launcher_process(runs.settings) != server


def test_a_server_of_another_version_makes_way(runs: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.run("Make")
    before = launcher_process(runs.settings)
    monkeypatch.setattr("headrace.launcher.client.environment_fingerprint", lambda _: "another")
    assert runs.run("Make", run="r2").cached
    after = launcher_process(runs.settings)
    assert after is not None
    assert after != before


def test_garbage_on_the_socket_hurts_nobody(runs: Tiny) -> None:
    from headrace.launcher.paths import launcher_paths
    from headrace.launcher.starting import connect

    runs.run("Make")
    for garbage in (b"\n", b"{}\n", b"\x00\xff\n", b'{"version": 1}\n', b"GET / HTTP/1.1\r\n\r\n"):
        stream = connect(launcher_paths(runs.settings))
        assert stream is not None
        with stream:
            stream.sendall(garbage)
            assert b"ProtocolError" in stream.recv(4096)
    assert runs.run("Use").state == "COMPLETE"


def test_the_socket_and_its_directory_are_the_users_only(runs: Tiny) -> None:
    from headrace.launcher.paths import launcher_paths

    runs.run("Make")
    socket = launcher_paths(runs.settings).socket
    assert socket.stat().st_mode & 0o777 == 0o600
    assert socket.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [(b"this is no database at all, " * 50, 0o644, "not a database"), (b"", 0o644, None)],
)
def test_a_damaged_database_is_named(
    runs: Tiny, content: bytes, mode: int, reason: str | None
) -> None:
    runs.database.write_bytes(content)
    runs.database.chmod(mode)
    if reason is None:  # an empty file is a new SQLite database
        assert runs.run("Make").state == "COMPLETE"
        return
    with pytest.raises(JobFailed) as caught:
        runs.run("Make")
    assert str(runs.database) in str(caught.value)
    assert reason in str(caught.value)
    assert runs.database.read_bytes() == content


def test_a_database_that_another_program_holds_is_named(runs: Tiny) -> None:
    runs.run("Make")
    with sqlite3.connect(runs.database) as holder:
        holder.execute("begin exclusive")
        with pytest.raises(JobFailed) as caught:
            runs.run("Make", run="r2")
        holder.rollback()
    assert str(runs.database) in str(caught.value)
    assert "another program holds it" in str(caught.value)
    assert caught.value.error.transient
    assert runs.run("Make", run="r2").state in ("COMPLETE", "CACHED")


@pytest.mark.parametrize("directory", ["missing", "empty"])
def test_a_data_directory_without_data_is_named(
    settings: Settings,
    tmp_path: Path,
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    directory: str,
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("TINY_DATA", str(tmp_path / directory))
    pipeline = tmp_path / f"csv_{directory}.py"
    text = Path("tests/data/pipelines/csv_only.py").read_text()
    pipeline.write_text(text.replace('"csv_only"', f'"csv_{directory}"'))
    runs = Tiny(settings, current_ir(f"{pipeline}:create_pipeline", settings), database)
    with pytest.raises(JobFailed, match=rf"{tmp_path}/{directory}/\* does not match any files"):
        runs.run("CsvExampleGen")
    assert runs.states() == ["FAILED"]


def test_a_store_in_a_place_that_cannot_be_made_is_named(runs: Tiny, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    runs.database = tmp_path / "file" / "deeper" / "m.sqlite"
    with pytest.raises(JobFailed, match=r"directory .*deeper cannot be made"):
        runs.run("Make")


def test_nothing_is_left_to_read_of_the_request(
    runs: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://u:hunter2@h/d")
    runs.run("Make")
    server = launcher_process(runs.settings)
    assert server is not None
    assert "hunter2" not in " ".join(server.cmdline())
    log = (runs.settings.layout.logs / "launcher.log").read_text()
    assert "hunter2" not in log
