"""A node that somebody has asked for anew in a run, as a task that is cleared in Airflow."""

from dataclasses import replace
from pathlib import Path

import pytest

from headrace.launcher.client import JobFailed
from headrace.launcher.jobs import NodeResult, ReuseRequest
from headrace.records.answers import the_only_one
from headrace.records.client import ask
from headrace.records.questions import RunQuestion
from headrace.running.partial import reuse_outputs
from headrace.settings import Settings
from tests.integration.node.edited import Edited

pytestmark = pytest.mark.integration

ANEW = {"try_number": 2, "cleared_after": 1}


@pytest.fixture
def edited(settings: Settings, tmp_path: Path) -> Edited:
    return Edited(settings, tmp_path)


def text(result: NodeResult) -> str:
    [output] = result.outputs
    return Path(output.uri).read_text()


def read_by(edited: Edited, use: NodeResult) -> list[int]:
    """Ids of the artifacts that the execution of Use has read."""
    events = edited.store.get_events_by_execution_ids([use.execution_id])
    return [event.artifact_id for event in events]


def test_what_has_not_changed_is_served_from_what_it_did_before(edited: Edited) -> None:
    first = edited.make("run")
    again = edited.run("Make", "run", **ANEW)
    assert (again.cached, again.outputs) == (True, first.outputs)
    assert again.execution_id != first.execution_id
    used = edited.run("Use", "run")
    assert read_by(edited, used) == [first.outputs[0].id], "once, not of both executions"
    used_again = edited.run("Use", "run", **ANEW)
    assert used_again.cached


def test_what_was_edited_runs_again_and_so_does_what_reads_it(edited: Edited) -> None:
    first, used = edited.make("run"), edited.run("Use", "run")
    edited.edit("text.value = f", "text.value = 'new ' + f")
    again = edited.run("Make", "run", **ANEW)
    assert not again.cached
    assert text(again) == f"new {text(first)}"
    used_again = edited.run("Use", "run", **ANEW)
    assert not used_again.cached
    assert read_by(edited, used_again) == [again.outputs[0].id]
    settings = replace(edited.settings, metadata_url=edited.metadata_url)
    found = the_only_one(ask(settings, RunQuestion("run")), "run")
    counting = {item.id for item in found.executions if not item.superseded}
    assert counting == {again.execution_id, used_again.execution_id}
    assert {first.execution_id, used.execution_id} < {item.id for item in found.executions}


def test_what_it_has_done_since_is_not_done_again_by_a_retry(edited: Edited) -> None:
    edited.make("run")
    edited.edit("text.value = f", "text.value = 'new ' + f")
    since = edited.run("Make", "run", **ANEW)
    retried = edited.run("Make", "run", try_number=3, cleared_after=1)
    assert retried.execution_id == since.execution_id


def test_without_a_cache_it_runs_again(edited: Edited) -> None:
    edited.edit("enable_cache=True", "enable_cache=False")
    edited.compile()
    first = edited.make("run")
    again = edited.run("Make", "run", **ANEW)
    assert not again.cached
    assert [item.id for item in again.outputs] != [item.id for item in first.outputs]
    assert text(again) == text(first)


def test_one_that_fails_leaves_nothing_to_who_would_read_it(edited: Edited) -> None:
    edited.make("run")
    edited.edit("text.value = f", "raise ValueError('edited'); text.value = f")
    with pytest.raises(JobFailed, match="edited"):
        edited.run("Make", "run", **ANEW)
    with pytest.raises(JobFailed, match="node Use did not run"):
        edited.run("Use", "run")
    edited.edit("raise ValueError('edited'); text.value = f", "text.value = 'mended ' + f")
    mended = edited.run("Make", "run", try_number=3, cleared_after=1)
    assert read_by(edited, edited.run("Use", "run")) == [mended.outputs[0].id]


def test_a_partial_run_takes_what_counts_in_the_run_before(edited: Edited) -> None:
    edited.make("run")
    edited.edit("text.value = f", "text.value = 'new ' + f")
    again = edited.run("Make", "run", **ANEW)
    request = ReuseRequest(
        ir_path=edited.manifest.ir_path,
        run_id="partial",
        run_nodes=["Use"],
        reuse_nodes=["Make"],
        metadata_url=edited.metadata_url,
        import_path=list(edited.manifest.import_path),
    )
    assert reuse_outputs(edited.settings, request).base_run == "run"
    assert read_by(edited, edited.run("Use", "partial")) == [again.outputs[0].id]


def test_a_node_that_had_failed_before_has_read_what_it_reads_now(edited: Edited) -> None:
    edited.make("run")
    with pytest.raises(JobFailed):
        edited.run("Use", "run", parameters={"mode": "raise"})
    edited.edit("text.value = f", "text.value = 'new ' + f")
    again = edited.run("Make", "run", **ANEW)
    # A retry, not a clear: somebody has cleared Make alone.
    used = edited.run("Use", "run", try_number=2)
    assert read_by(edited, used) == [again.outputs[0].id]
