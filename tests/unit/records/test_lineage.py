import pytest

from headrace.records.entities import Artifact, Execution, Link, Records
from headrace.records.lineage import Origin, Use, downstream, producers, upstream


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


def made_from(origin: Origin) -> object:
    """An upstream tree as nested lists: artifact, its maker, what that read."""
    if origin.repeated:
        return [origin.artifact.id, "again"]
    maker = [origin.maker.id] if origin.maker else []
    return [origin.artifact.id, *maker, *(made_from(item) for _, item in origin.inputs)]


def used_by(uses: tuple[Use, ...]) -> object:
    """A downstream tree as nested lists: execution, what it made, who read that."""
    return [
        [use.execution.id, "again"]
        if use.repeated
        else [use.execution.id, {item.id for item in use.made}, *used_by(use.uses)]
        for use in uses
    ]


CHAIN = records(("out", 1, 10), ("in", 2, 10), ("out", 2, 20), ("in", 3, 20), ("out", 3, 30))
DIAMOND = records(
    ("in", 1, 5), ("out", 1, 10),
    ("in", 2, 10), ("out", 2, 20),
    ("in", 3, 10), ("in", 3, 20), ("out", 3, 30),
)  # fmt: skip


def test_upstream_is_what_it_was_made_from() -> None:
    assert made_from(upstream(CHAIN, 30)) == [30, 3, [20, 2, [10, 1]]]
    assert [key for key, _ in upstream(CHAIN, 30).inputs] == ["k20"]


def test_downstream_is_what_was_made_from_it() -> None:
    assert used_by(downstream(CHAIN, 10)) == [[2, {20}, [3, {30}]]]
    assert downstream(CHAIN, 10)[0].keys == ("k10",)


def test_the_ends_have_nothing_beyond() -> None:
    assert downstream(CHAIN, 30) == ()
    assert made_from(upstream(records(("in", 1, 10)), 10)) == [10]


def test_what_two_nodes_use_is_in_full_once_and_as_near_as_it_can_be() -> None:
    assert made_from(upstream(DIAMOND, 30)) == [30, 3, [10, 1, [5]], [20, 2, [10, "again"]]]
    assert used_by(downstream(DIAMOND, 10)) == [[2, {20}, [3, "again"]], [3, {30}]]


def test_what_has_nothing_below_it_is_never_marked_as_repeated() -> None:
    source = records(
        ("out", 1, 10), ("in", 2, 10), ("out", 2, 20), ("in", 3, 10), ("in", 3, 20), ("out", 3, 30)
    )
    assert made_from(upstream(source, 30)) == [30, 3, [10, 1], [20, 2, [10, 1]]]


def test_a_node_that_reads_several_outputs_of_another_is_told_once() -> None:
    both = records(
        ("in", 1, 5), ("out", 1, 10), ("out", 1, 11), ("in", 2, 10), ("in", 2, 11), ("out", 2, 20)
    )
    assert used_by(downstream(both, 5)) == [[1, {10, 11}, [2, {20}]]]
    assert downstream(both, 5)[0].uses[0].keys == ("k10", "k11")


def test_what_the_cache_served_was_made_by_the_first_execution() -> None:
    reused = records(("out", 1, 10), ("out", 2, 10), cached=(2,))
    assert made_from(upstream(reused, 10)) == [10, 1]
    reversed_ids = records(("out", 1, 10), ("out", 2, 10), cached=(1,))
    assert made_from(upstream(reversed_ids, 10)) == [10, 2]


def test_what_a_resolver_found_it_has_not_made() -> None:
    found = records(("internal", 2, 10), ("out", 1, 10))
    assert made_from(upstream(found, 10)) == [10, 1]
    assert producers(found.executions, found.links)[10].execution_id == 1


def test_an_artifact_that_was_made_from_itself_ends_the_trees() -> None:
    loop = records(("out", 1, 10), ("in", 1, 10))
    assert made_from(upstream(loop, 10)) == [10, 1, [10, "again"]]
    assert used_by(downstream(loop, 10)) == [[1, {10}, [1, "again"]]]


def test_links_to_what_was_not_read_are_left_out() -> None:
    partial = Records((execution(1),), (artifact(10),), (Link(10, 7, "input", "k"),))
    assert downstream(partial, 10) == ()
    for ask in (upstream, downstream):
        with pytest.raises(KeyError):
            ask(partial, 11)


def test_records_survive_json() -> None:
    assert Records.from_dict(CHAIN.to_dict()) == CHAIN
