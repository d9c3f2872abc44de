"""Stores as two runs of a pipeline leave them: as they must be, and as they must not."""

from dataclasses import replace

from benchmarks.census import CACHED, COMPLETE, Census, Execution, expected, faults


def execution(
    number: int,
    run: str,
    node: str,
    *,
    reads: str = "",
    makes: str = "",
    state: str = COMPLETE,
    cache: str = "",
    found: bool = False,
) -> Execution:
    inputs = tuple(("in", artifact) for artifact in reads.split())
    outputs = tuple(("out", artifact) for artifact in makes.split())
    keys = tuple(cache.split())
    return Execution(str(number), state, run, node, inputs, outputs, found, keys)


def census(*executions: Execution, artifacts: int) -> Census:
    runs = sorted({item.run for item in executions})
    keys = sorted({key for item in executions for key in item.cache})
    contexts = (
        ("pipeline", "p"),
        ("node", "p.Make"),
        ("node", "p.Use"),
        *(("pipeline_run", name) for name in runs),
        *(("execution_cache", key) for key in keys),
    )
    return Census(
        types=(("1", "Text", ""),),
        contexts=contexts,
        executions=executions,
        artifacts={str(number): "2" for number in range(1, artifacts + 1)},
        events=sum(item.events for item in executions),
    )


ALONE = census(
    execution(1, "alone", "Make", makes="1", cache="k"),
    execution(2, "alone", "Use", reads="1", makes="2", cache="m"),
    artifacts=2,
)
MADE = (
    execution(1, "r1", "Make", makes="1", cache="k"),
    execution(2, "r1", "Use", reads="1", makes="2", cache="m"),
)
SERVED = (
    execution(3, "r2", "Make", makes="1", state=CACHED, cache="k"),
    execution(4, "r2", "Use", reads="1", makes="2", state=CACHED, cache="m"),
)
RUNS = ["r1", "r2"]


def test_two_runs_that_share_the_cache_have_one_set_of_artifacts() -> None:
    now = census(*MADE, *SERVED, artifacts=2)
    assert expected(now, ALONE, 2) == {
        "executions": 4,
        "artifacts": 2,
        "events": 6,
        "contexts": 1 + 2 + 2 + 2,
    }
    assert faults(now, ALONE, RUNS) == []


def test_two_runs_that_begin_at_once_may_both_make_what_the_cache_does_not_have_yet() -> None:
    also = (
        execution(3, "r2", "Make", makes="3", cache="k"),
        execution(4, "r2", "Use", reads="3", makes="4", cache="n"),
    )
    assert faults(census(*MADE, *also, artifacts=4), ALONE, RUNS) == []


def test_a_node_that_is_registered_twice_is_found() -> None:
    twice = execution(5, "r2", "Use", reads="1", makes="2", state=CACHED, cache="m")
    found = faults(census(*MADE, *SERVED, twice, artifacts=2), ALONE, RUNS)
    assert "Use of run r2 has 2 executions" in found
    assert "there are 5 executions, and should be 4" in found


def test_what_did_not_end_well_is_found() -> None:
    running = replace(SERVED[1], state="2")
    assert "execution 4 (Use of run r2) is in state 2" in faults(
        census(*MADE, SERVED[0], running, artifacts=2), ALONE, RUNS
    )


def test_contexts_and_types_that_are_there_twice_are_found() -> None:
    now = census(*MADE, *SERVED, artifacts=2)
    doubled = replace(now, types=now.types * 2, contexts=(*now.contexts, ("pipeline", "p")))
    found = faults(doubled, ALONE, RUNS)
    assert "type 1 Text  is there 2 times" in found
    assert "context pipeline p is there 2 times" in found


def test_outputs_of_two_executions_are_found() -> None:
    both = (replace(SERVED[0], state=COMPLETE), SERVED[1])
    found = faults(census(*MADE, *both, artifacts=2), ALONE, RUNS)
    assert "artifact 1 was made by 2 executions" in found


def test_what_was_served_for_another_key_is_found() -> None:
    other = (replace(SERVED[0], cache=("other",)), SERVED[1])
    found = faults(census(*MADE, *other, artifacts=2), ALONE, RUNS)
    assert "execution 3 was served with outputs of another cache key" in found


def test_inputs_of_another_run_are_found() -> None:
    own = (
        execution(3, "r2", "Make", makes="3", cache="k"),
        execution(4, "r2", "Use", reads="1", makes="4", cache="n"),
    )
    found = faults(census(*MADE, *own, artifacts=4), ALONE, RUNS)
    assert found == ["execution 4 has read in 1 of another run"]


def test_what_a_resolver_has_found_is_counted_apart() -> None:
    alone = census(
        execution(1, "alone", "Make", makes="1"), execution(2, "alone", "Use"), artifacts=1
    )
    now = census(
        execution(1, "r1", "Make", makes="1"),
        execution(2, "r1", "Use"),
        execution(3, "r2", "Make", makes="2"),
        execution(4, "r2", "Use", makes="1", found=True),
        artifacts=2,
    )
    assert faults(now, alone, RUNS) == []
