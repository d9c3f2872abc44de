"""Two pipelines' holdings: which artifacts may go."""

from dataclasses import replace

import pytest

from headrace.keeping.collecting import Holdings, Policy, decide
from headrace.records.entities import Artifact, Execution, Link

NOW = 1_000_000.0
DAY = 86_400.0
OLD = Policy(older_than=30 * DAY, keep=0)


class Store:
    """Records, made one execution at a time; each output is where TFX would put it."""

    def __init__(self) -> None:
        self.artifacts: list[Artifact] = []
        self.executions: list[Execution] = []
        self.links: list[Link] = []
        self.precious: set[int] = set()

    def ran(
        self,
        node: str,
        reads: list[int] | None = None,
        makes: str = "Examples",
        days: float = 100,
        run: str = "r1",
        pipeline: str = "p",
        state: str = "complete",
        reuses: int = 0,
    ) -> int:
        """The id of what it put out."""
        number = len(self.executions) + 1
        at = int((NOW - days * DAY) * 1000)
        self.executions.append(Execution(number, run, pipeline, node, node, state, at, at))
        for item in reads or []:
            self.links.append(Link(item, number, "input", "in"))
        made = reuses or len(self.artifacts) + 1
        if not reuses:
            uri = f"/root/{pipeline}/{node}/out/{number}"
            self.artifacts.append(Artifact(made, makes, "", uri, "live", at))
        self.links.append(Link(made, number, "output", "out"))
        return made

    def change(self, number: int, **fields: str) -> None:
        self.artifacts[number - 1] = replace(self.artifacts[number - 1], **fields)

    def holdings(self) -> Holdings:
        return Holdings(
            tuple(self.artifacts), tuple(self.executions), tuple(self.links), self.precious
        )

    def going(self, policy: Policy = OLD) -> set[int]:
        return set(decide(self.holdings(), policy, NOW).remove)


@pytest.fixture
def store() -> Store:
    return Store()


def test_what_is_old_goes_with_the_directory_of_its_files(store: Store) -> None:
    old, new = store.ran("Gen"), store.ran("Gen", days=10, run="r2")
    found = decide(store.holdings(), OLD, NOW)
    assert found.remove == {old: "/root/p/Gen/out/1"}
    assert new not in found.remove


def test_what_was_read_or_reused_lately_is_not_old(store: Store) -> None:
    read, reused = store.ran("Gen"), store.ran("Gen", run="r2")
    store.ran("Stats", [read], days=1, run="r3")
    store.ran("Gen", days=1, run="r4", state="cached", reuses=reused)
    assert not store.going() & {read, reused}


def test_the_newest_runs_keep_all_that_they_wrote_read_or_reused(store: Store) -> None:
    first = [store.ran("Gen", run="r1", days=100)]
    second = [store.ran("Gen", run="r2", days=90)]
    third = [store.ran("Gen", run="r3", days=80), store.ran("Stats", first, run="r3", days=80)]
    other = [store.ran("Gen", run="r1", days=200, pipeline="q")]
    assert store.going(replace(OLD, keep=1)) == set(second)
    assert store.going(replace(OLD, keep=2)) == set()
    assert store.going() == {*first, *second, *third, *other}


def test_a_run_that_is_going_on_keeps_all(store: Store) -> None:
    examples = store.ran("Gen")
    store.ran("Stats", [examples], state="running")
    assert store.going() == set()


def test_only_what_is_in_the_state_that_is_asked_for_goes(store: Store) -> None:
    store.ran("Gen")
    abandoned = store.ran("Gen", run="r2")
    store.change(abandoned, state="abandoned")
    assert store.going(replace(OLD, states=("abandoned",))) == {abandoned}


def test_only_the_pipelines_own_goes(store: Store) -> None:
    store.ran("Gen")
    other = store.ran("Gen", pipeline="q")
    assert store.going(replace(OLD, pipeline="q")) == {other}


def test_what_was_marked_before_goes_however_young(store: Store) -> None:
    marked = store.ran("Gen", days=1)
    store.change(marked, state="marked_for_deletion")
    assert store.going() == {marked}


def trained(store: Store, run: str, days: float = 100) -> dict[str, int]:
    examples = store.ran("Gen", run=run, days=days)
    transformed = store.ran("Transform", [examples], run=run, days=days)
    model = store.ran("Trainer", [transformed], "Model", run=run, days=days)
    return {"examples": examples, "transformed": transformed, "model": model}


@pytest.mark.parametrize(
    ("node", "kind"), [("Evaluator", "ModelBlessing"), ("Pusher", "PushedModel")]
)
def test_the_whole_lineage_of_a_blessed_or_pushed_model_stays(
    store: Store, node: str, kind: str
) -> None:
    kept, lost = trained(store, "r1"), trained(store, "r2")
    says = store.ran(node, [kept["model"], kept["examples"]], kind)
    store.ran(node, [lost["model"]], kind, run="r2")
    store.precious = {says}
    found = decide(store.holdings(), OLD, NOW)
    assert set(found.remove) == {*lost.values(), 8}
    assert found.lineage == 4


def test_what_the_base_model_of_a_pushed_one_came_from_stays(store: Store) -> None:
    base = trained(store, "r1")
    warm = store.ran("Trainer", [base["model"]], "Model", run="r2")
    store.precious = {store.ran("Pusher", [warm], "PushedModel", run="r2")}
    assert store.going() == set()


def test_a_model_that_stays_keeps_what_it_came_from(store: Store) -> None:
    parts = trained(store, "r1")
    young = store.ran("Trainer", [parts["transformed"]], "Model", run="r2", days=1)
    assert young not in store.going()
    # Reading them made the transformed examples young; what these came from is old.
    assert parts["examples"] not in store.going()
    assert parts["model"] in store.going()


def test_a_lineage_goes_through_executions_that_the_cache_served(store: Store) -> None:
    examples = store.ran("Gen")
    store.ran("Gen", run="r2", state="cached", reuses=examples)
    model = store.ran("Trainer", [examples], "Model", run="r2")
    store.precious = {store.ran("Pusher", [model], "PushedModel", run="r2")}
    assert store.going() == set()


@pytest.mark.parametrize(
    "uri",
    ["/data/schema", "gs://bucket/p/Gen/out/1", "/root/p/Gen/out/2", "/root/p/Other/out/1", ""],
)
def test_files_that_no_node_has_made_in_its_own_place_stay(store: Store, uri: str) -> None:
    store.change(store.ran("Gen"), uri=uri)
    found = decide(store.holdings(), OLD, NOW)
    assert (found.remove, found.foreign) == ({}, 1)


def test_a_values_file_goes_with_its_directory(store: Store) -> None:
    store.change(store.ran("Gen"), uri="/root/p/Gen/out/1/value")
    assert decide(store.holdings(), OLD, NOW).remove == {1: "/root/p/Gen/out/1"}


def test_files_that_another_artifact_has_too_stay(store: Store) -> None:
    first = store.ran("Gen")
    second = store.ran("Gen", days=1, run="r2")
    store.change(second, uri=store.artifacts[first - 1].uri)
    assert store.going() == set()


def test_what_is_gone_already_is_not_told_again(store: Store) -> None:
    store.change(store.ran("Gen"), state="deleted")
    found = decide(store.holdings(), OLD, NOW)
    assert (found.remove, found.foreign, found.lineage) == ({}, 0, 0)
