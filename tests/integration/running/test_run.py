"""``headrace run`` as a user types it: real pipelines, the real launcher, a real store."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.launcher.starting import launcher_process
from headrace.settings import Settings
from tests.integration.conftest import PROJECT
from tests.processes import spawned
from tests.waiting import LONG_SECONDS, wait_until

pytestmark = pytest.mark.integration

TINY = "tests/data/pipelines/tiny.py:create_pipeline"
PARALLEL = "tests/data/pipelines/parallel.py:create_pipeline"


class Cli:
    """The command line with a metadata store and artifacts of its own."""

    def __init__(self, settings: Settings, place: Path) -> None:
        self.runs = settings.layout.runs
        self.environ = {
            **os.environ,
            "HEADRACE_PROJECT": str(PROJECT),
            "HEADRACE_HOME": str(settings.home),
            "HEADRACE_TFX_PYTHON": str(settings.tfx_python),
            "HEADRACE_METADATA_URL": f"sqlite:///{place / 'metadata.sqlite'}",
            "HEADRACE_ARTIFACT_ROOT": str(place / "artifacts"),
            "MEETING_PLACE": str(place),
        }

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "headrace.cli", *arguments],
            cwd=PROJECT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
        )

    def start(self, *arguments: str, stderr: int = subprocess.PIPE) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "headrace.cli", "run", *arguments],
            cwd=PROJECT,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        process = self.start(*arguments)
        out, err = process.communicate(timeout=LONG_SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def outcome(self, *arguments: str) -> tuple[dict, dict[str, dict]]:
        completed = self.run(*arguments, "--json")
        document = json.loads(completed.stdout)
        return document["run"], {node["id"]: node for node in document["nodes"]}


@pytest.fixture
def cli(settings: Settings, tmp_path: Path) -> Cli:
    return Cli(settings, tmp_path)


def states(nodes: dict[str, dict]) -> dict[str, str]:
    return {name: node["state"] for name, node in nodes.items()}


def text_of(nodes: dict[str, dict], node: str) -> str:
    return Path(nodes[node]["result"]["outputs"][0]["uri"]).read_text()


def test_a_run_takes_typed_parameters_and_the_next_one_the_cache(cli: Cli) -> None:
    run, nodes = cli.outcome(TINY, "--param", "word=7", "--param", "count=3")
    assert (run["state"], states(nodes)) == ("success", {"Make": "complete", "Use": "complete"})
    assert text_of(nodes, "Make") == "7-0.5-" * 3
    again, nodes = cli.outcome(TINY, "--param", "word=7", "--param", "count=3")
    assert again["id"] != run["id"]
    assert states(nodes) == {"Make": "cached", "Use": "cached"}


def test_independent_nodes_run_at_the_same_time(cli: Cli) -> None:
    completed = cli.run(PARALLEL, "--jobs", "2")
    assert completed.returncode == 0, completed.stderr
    assert re.findall(r"^  (\w+) +complete ", completed.stdout, re.M) == ["Left", "Right", "After"]


def test_a_failure_says_which_node_why_and_how_to_go_on(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "left-fails").touch()
    (tmp_path / "left").touch()
    failed = cli.run(PARALLEL)
    assert failed.returncode == 1
    source = (PROJECT / "tests/data/pipelines/parallel.py").read_text().splitlines()
    line = 1 + source.index('        raise ValueError(f"{me} was told to fail")')
    assert f"parallel.py:{line}: ValueError: left was told to fail" in failed.stderr
    assert "not run because of that: After" in failed.stderr
    assert re.search(r"^  Right +complete", failed.stdout, re.M)
    assert "Traceback" not in failed.stderr
    (tmp_path / "left-fails").unlink()
    [command] = re.findall(r"^resume with: (.*)$", failed.stderr, re.M)
    program, *arguments = shlex.split(command)
    assert (PROJECT / program).samefile(PROJECT / "bin" / "headrace")
    resumed = cli.run(*arguments[1:])
    assert resumed.returncode == 0, resumed.stderr
    run_id = arguments[-1]
    log = (cli.runs / run_id / "Left.log").read_text()
    assert "ValueError: left was told to fail" in log
    assert "left and right have met" in (cli.runs / run_id / "After.log").read_text()


def test_a_resumed_run_does_not_run_again_what_has_completed(cli: Cli) -> None:
    first, broken = cli.outcome(TINY, "--param", "mode=raise")
    assert states(broken) == {"Make": "complete", "Use": "failed"}
    second, mended = cli.outcome("--resume", first["id"], "--param", "mode=fine")
    assert second["id"] == first["id"]
    assert states(mended) == {"Make": "complete", "Use": "complete"}
    for node in ("Make", "Use"):
        before, after = broken[node]["result"], mended[node]["result"]
        assert before is None or before["execution_id"] == after["execution_id"]


def test_a_partial_run_reuses_the_newest_outputs_that_there_are(cli: Cli) -> None:
    cli.outcome(TINY, "--param", "word=old")
    base, made = cli.outcome(TINY, "--param", "word=new")
    _, nodes = cli.outcome(TINY, "--param", "mode=other", "--from", "Use")
    assert states(nodes) == {"Make": "reused", "Use": "complete"}
    shown = cli.command("show", nodes["Use"]["result"]["run_id"], "--json").stdout
    assert made["Make"]["result"]["outputs"][0]["uri"] in shown
    assert base["id"] != nodes["Use"]["result"]["run_id"]
    _, upstream_only = cli.outcome(TINY, "--to", "Make")
    assert states(upstream_only) == {"Make": "complete", "Use": "left out"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "TARGET is required"),
        ((TINY, "--param", "count=many"), 2, "'count' must be of type int, not 'many'"),
        ((TINY, "--param", "cuont=1"), 2, "unknown parameter 'cuont'"),
        ((TINY, "--from", "Usw"), 2, "did you mean Use?"),
        ((TINY, "--from", "Use"), 1, "no earlier run of pipeline tiny has the outputs of Make"),
        ((TINY, "--from", "Use", "--base-run", "x"), 2, "has no run 'x'"),
        ((TINY, "--run-id", "../x"), 2, "cannot be a run id"),
        (("--resume", "never-was"), 2, "there is no run 'never-was'"),
        ((TINY, "--jobs", "0"), 2, "'0' is not a whole number above 0"),
        (("tests/data/pipelines/nowhere.py:f",), 2, "does not exist"),
    ],
)
def test_wrong_use_is_one_clear_error_and_nothing_runs(
    cli: Cli, arguments: tuple[str, ...], code: int, said: str
) -> None:
    completed = cli.run(*arguments)
    assert (completed.returncode, completed.stdout) == (code, "")
    assert said in completed.stderr
    assert "Traceback" not in completed.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_nodes_and_the_run_can_be_resumed(
    cli: Cli, settings: Settings, number: signal.Signals
) -> None:
    name = f"stopped-by-{number.name}"
    process = cli.start(TINY, "--param", "mode=spawn", "--run-id", name)
    assert process.stderr is not None
    while "Use: running" not in process.stderr.readline():
        pass
    wait_until(lambda: spawned(settings.home))
    process.send_signal(number)
    _, errors = process.communicate(timeout=LONG_SECONDS)
    assert process.returncode == 128 + number
    assert f"resume with: bin/headrace run --resume {name}" in errors
    wait_until(lambda: not spawned(settings.home))
    run, nodes = cli.outcome("--resume", name, "--param", "mode=fine")
    assert (run["state"], nodes["Use"]["state"]) == ("success", "complete")


def test_a_killed_run_leaves_no_process_and_can_be_resumed(cli: Cli, settings: Settings) -> None:
    process = cli.start(TINY, "--param", "mode=spawn", "--run-id", "killed")
    wait_until(lambda: spawned(settings.home))
    process.kill()
    process.communicate()
    wait_until(lambda: not spawned(settings.home))
    run, _ = cli.outcome("--resume", "killed", "--param", "mode=fine")
    assert run["state"] == "success"


def test_a_run_that_nobody_reads_any_more_ends_also_without_its_launcher(
    cli: Cli, settings: Settings
) -> None:
    process = cli.start(TINY, "--param", "mode=spawn", stderr=subprocess.STDOUT)
    assert process.stdout is not None
    while "Use: running" not in process.stdout.readline():
        pass
    wait_until(lambda: spawned(settings.home))
    process.stdout.close()
    launcher = launcher_process(settings)
    assert launcher is not None
    launcher.kill()
    assert process.wait(LONG_SECONDS) == 128 + signal.SIGPIPE
    wait_until(lambda: not spawned(settings.home))
