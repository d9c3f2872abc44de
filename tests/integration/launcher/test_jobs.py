"""Nodes through the launcher: results, logs, failures and retries."""

from pathlib import Path

import pytest

from headrace.ir.manifest import Manifest
from headrace.ir.store import current_ir
from headrace.launcher.client import (
    JobFailed,
    JobKilled,
)
from headrace.launcher.protocol import LogFrame
from headrace.settings import Settings
from tests.integration.launcher.conftest import TINY, Tiny

pytestmark = pytest.mark.integration


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
    assert len(kept["headrace_code"].string_value) == 64


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


def test_a_failure_names_the_authors_line(runs: Tiny, anyhow: Settings) -> None:
    runs.run("Make")
    runs.settings = anyhow
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
    kept = runs.store().get_executions()[1].custom_properties
    error = kept["headrace_error"].string_value
    assert error.endswith("ValueError: the text is of the wrong kind")
    assert kept["headrace_wall_seconds"].double_value > 0
    assert runs.run("Use", mode="fine").state == "COMPLETE"
    assert runs.states() == ["COMPLETE", "COMPLETE"]
    assert "headrace_error" not in runs.store().get_executions()[1].custom_properties


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
    assert runs.run("Use", mode="kill-once").state == "COMPLETE"
    assert runs.states() == ["COMPLETE", "COMPLETE"]


def test_the_last_words_of_a_crash_are_kept(runs: Tiny) -> None:
    runs.run("Make")
    with pytest.raises(JobKilled, match="SIGSEGV"):
        runs.run("Use", mode="segfault")
    said = "\n".join(frame.message for frame in runs.frames if isinstance(frame, LogFrame))
    assert "Segmentation fault" in said
    assert "tiny.py" in said
