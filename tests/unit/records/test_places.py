import pytest

from headrace.records.places import Place, place


def contexts(pipelines: list[str], runs: list[str], nodes: list[str]) -> list[tuple[str, str]]:
    return [
        *(("pipeline", name) for name in pipelines),
        *(("pipeline_run", name) for name in runs),
        *(("node", name) for name in nodes),
        ("execution_cache", "c0ffee"),
    ]


def test_a_node_is_in_its_pipeline_and_run() -> None:
    assert place(contexts(["birds"], ["r1"], ["birds.Trainer"])) == Place("r1", "birds", "Trainer")


def test_names_may_have_dots() -> None:
    found = place(contexts(["birds.v2"], ["r1"], ["birds.v2.Trainer.big"]))
    assert found == Place("r1", "birds.v2", "Trainer.big")


def test_a_node_of_a_sub_pipeline_belongs_to_the_outer_run() -> None:
    """The contexts that TFX's compiler gives it, its own pipeline's first."""
    found = place(contexts(["inner", "outer"], ["inner_r1", "r1"], ["outer.inner", "inner.Make"]))
    assert found == Place("r1", "outer", "inner.Make")


def test_a_sub_pipeline_in_a_sub_pipeline() -> None:
    found = place(
        contexts(
            ["deep", "inner", "outer"],
            ["deep_r1", "inner_r1", "r1"],
            ["inner.deep", "deep.Make"],
        )
    )
    assert found == Place("r1", "outer", "inner.deep.Make")


def test_a_run_id_like_a_sub_pipelines_name_is_not_taken_for_its_run() -> None:
    for run in ("inner", "inner_7"):
        runs = [f"inner_{run}", run]
        found = place(contexts(["inner", "outer"], runs, ["outer.inner", "inner.Make"]))
        assert found == Place(run, "outer", "inner.Make")
    assert place(contexts(["birds"], ["birds_1"], ["birds.Make"])).run_id == "birds_1"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], Place("", "", "")),
        ([("node", "birds.Make")], Place("", "", "")),
        ([("pipeline", "birds")], Place("", "birds", "")),
        ([("pipeline", "birds"), ("node", "fish.Make")], Place("", "birds", "")),
        ([("experiment", "mine")], Place("", "", "")),
    ],
)
def test_what_other_programs_have_written_is_placed_as_far_as_it_goes(given, expected) -> None:
    assert place(given) == expected
