from dataclasses import replace

import pytest

from headrace.records.entities import Execution
from headrace.records.runs import Run, runs_of

NOW = 100_000


def execution(number: int, state: str = "complete", **fields: object) -> Execution:
    given = {
        "run_id": "r1",
        "pipeline": "birds",
        "node_id": f"N{number}",
        "component": "x.Make",
        "created_ms": number * 1000,
        "updated_ms": number * 1000 + 500,
        **fields,
    }
    return Execution(id=number, state=state, **given)


def only(*executions: Execution) -> Run:
    [run] = runs_of(executions, NOW)
    return run


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["complete", "cached"], "complete"),
        (["complete", "failed", "running"], "running"),
        (["complete", "new"], "running"),
        (["complete", "failed", "canceled"], "failed"),
        (["complete", "canceled"], "canceled"),
    ],
)
def test_the_state_is_told_by_the_executions(states: list[str], expected: str) -> None:
    run = only(*(execution(number, state) for number, state in enumerate(states, 1)))
    assert run.state == expected


def test_an_ended_run_lasts_from_its_first_start_to_its_last_change() -> None:
    run = only(execution(2), execution(1), execution(5, updated_ms=9_250))
    assert (run.started_ms, run.seconds) == (1000, 8.25)


def test_a_running_one_lasts_until_now_also_with_a_clock_that_is_behind() -> None:
    assert only(execution(40, "running")).seconds == 60.0
    assert only(execution(200, "running", updated_ms=201_000)).seconds == 1.0


def test_of_a_node_the_newest_execution_counts() -> None:
    run = only(execution(1, "failed", node_id="N"), execution(2, "complete", node_id="N"))
    assert (run.state, run.counts()) == ("complete", {"complete": 1})
    assert [item.id for item in run.executions] == [2]


def test_what_was_superseded_does_not_count() -> None:
    run = only(
        execution(1, node_id="Make", superseded=True),
        execution(2, node_id="Use", superseded=True),
        execution(3, node_id="Make"),
    )
    assert [item.id for item in run.executions] == [3], "Use has been skipped since"
    assert run.started_ms == 3000


def test_counts_are_in_a_fixed_order_and_leave_out_what_there_is_not() -> None:
    states = ["failed", "cached", "unknown", "complete", "cached"]
    run = only(*(execution(number, state) for number, state in enumerate(states, 1)))
    assert list(run.counts().items()) == [
        ("complete", 1),
        ("cached", 2),
        ("failed", 1),
        ("unknown", 1),
    ]


def test_one_run_id_of_two_pipelines_is_two_runs() -> None:
    runs = runs_of([execution(1), execution(2, pipeline="fish")], NOW)
    assert [(run.run_id, run.pipeline) for run in runs] == [("r1", "fish"), ("r1", "birds")]


def test_the_latest_started_comes_first() -> None:
    late = replace(execution(1), run_id="r2", created_ms=50_000)
    assert [run.run_id for run in runs_of([execution(9), late], NOW)] == ["r2", "r1"]


def test_nothing_is_no_run() -> None:
    assert runs_of([], NOW) == []
