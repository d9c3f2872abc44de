import pytest

from headrace.records.entities import Artifact, Execution, Link, Records
from headrace.records.lineage import Branch, downstream, producers, upstream


def execution(number: int, state: str = "complete") -> Execution:
    return Execution(number, "r1", "birds", f"N{number}", "x.Make", state, 0, 0)


def artifact(number: int) -> Artifact:
    return Artifact(number, "T", "", f"/{number}", "live", 0)


def records(*links: tuple[str, int, int], cached: tuple[int, ...] = ()) -> Records:
    """From ("in"|"out"|"internal", execution, artifact)."""
    kinds = {"in": "input", "out": "output", "internal": "internal"}
    made = [Link(item, by, kinds[kind], f"k{item}") for kind, by, item in links]
    executions = sorted({link.execution_id for link in made})
    artifacts = sorted({link.artifact_id for link in made})
    return Records(
        tuple(execution(n, "cached" if n in cached else "complete") for n in executions),
        tuple(map(artifact, artifacts)),
        tuple(made),
    )


def told(branch: Branch) -> object:
    """A tree as nested lists: artifact, then (execution, what is reached)."""
    below = [
        (step.execution.id, [told(reached) for _, reached in step.reached]) for step in branch.steps
    ]
    return [branch.artifact.id, "again"] if branch.repeated else [branch.artifact.id, *below]


CHAIN = records(("out", 1, 10), ("in", 2, 10), ("out", 2, 20), ("in", 3, 20), ("out", 3, 30))


def test_upstream_is_what_it_was_made_from() -> None:
    assert told(upstream(CHAIN, 30)) == [30, (3, [[20, (2, [[10, (1, [])]])]])]


def test_downstream_is_what_was_made_from_it() -> None:
    assert told(downstream(CHAIN, 10)) == [10, (2, [[20, (3, [[30]])]])]


def test_the_ends_have_nothing_beyond() -> None:
    assert told(downstream(CHAIN, 30)) == [30]
    assert told(upstream(records(("in", 1, 10)), 10)) == [10]


def test_keys_are_those_of_the_execution_on_that_side() -> None:
    [step] = upstream(CHAIN, 30).steps
    assert (step.key, step.reached[0][0]) == ("k30", "k20")


def test_what_two_nodes_use_is_told_once() -> None:
    diamond = records(
        ("out", 1, 10),
        ("in", 2, 10), ("out", 2, 20),
        ("in", 3, 10), ("in", 3, 20), ("out", 3, 30),
    )  # fmt: skip
    assert told(upstream(diamond, 30)) == [30, (3, [[10, (1, [])], [20, (2, [[10, "again"]])]])]


def test_what_the_cache_served_was_made_by_the_first_execution() -> None:
    reused = records(("out", 1, 10), ("out", 2, 10), cached=(2,))
    assert told(upstream(reused, 10)) == [10, (1, [])]
    reversed_ids = records(("out", 1, 10), ("out", 2, 10), cached=(1,))
    assert told(upstream(reversed_ids, 10)) == [10, (2, [])]


def test_what_a_resolver_found_it_has_not_made() -> None:
    found = records(("internal", 2, 10), ("out", 1, 10))
    assert told(upstream(found, 10)) == [10, (1, [])]
    assert producers(found.executions, found.links)[10].execution_id == 1


def test_an_artifact_that_was_made_from_itself_ends_the_tree() -> None:
    loop = records(("out", 1, 10), ("in", 1, 10))
    assert told(upstream(loop, 10)) == [10, (1, [[10, "again"]])]


def test_links_to_what_was_not_read_are_left_out() -> None:
    partial = Records((execution(1),), (artifact(10),), (Link(10, 7, "input", "k"),))
    assert told(downstream(partial, 10)) == [10]
    with pytest.raises(KeyError):
        upstream(partial, 11)


def test_records_survive_json() -> None:
    assert Records.from_dict(CHAIN.to_dict()) == CHAIN
