from headrace.components.spans import LatestModelBefore


def before(mlmd_store, examples: int, blessed: bool = False) -> int | None:
    """The model that a run of these examples begins with."""
    inputs = {
        "examples": [mlmd_store.artifact(examples)],
        "model": mlmd_store.artifacts("Model"),
    }
    if blessed:
        inputs["model_blessing"] = mlmd_store.artifacts("ModelBlessing")
    found = LatestModelBefore().resolve_artifacts(mlmd_store.store, inputs)
    if found is None:
        return None
    if blessed:
        [blessing] = found["model_blessing"]
        assert blessing.get_int_custom_property("current_model_id") == found["model"][0].id
    return found["model"][0].id


def test_the_first_run_has_none(mlmd_store):
    examples, _ = mlmd_store.day(10)
    assert before(mlmd_store, examples) is None


def test_it_is_the_model_of_the_nearest_earlier_span(mlmd_store):
    _, first = mlmd_store.day(10)
    examples, second = mlmd_store.day(12, base_model=[first])
    third, _ = mlmd_store.day(13, base_model=[second])
    assert before(mlmd_store, examples) == first
    assert before(mlmd_store, third) == second


def test_a_day_that_is_run_again_begins_with_what_it_began_with(mlmd_store):
    first_day, first = mlmd_store.day(10)
    second_day, second = mlmd_store.day(11, base_model=[first])
    mlmd_store.day(12, base_model=[second])
    assert before(mlmd_store, second_day) == first
    assert before(mlmd_store, first_day) is None


def test_of_several_models_of_one_span_it_is_the_newest(mlmd_store):
    mlmd_store.day(10)
    _, again = mlmd_store.day(10)
    examples, _ = mlmd_store.day(11)
    assert before(mlmd_store, examples) == again


def test_only_blessed_models_count_where_blessings_are_given(mlmd_store):
    _, good = mlmd_store.day(10, blessed=1)
    mlmd_store.day(11, blessed=0)
    examples, _ = mlmd_store.day(12)
    assert before(mlmd_store, examples, blessed=True) == good


def test_a_model_without_spans_in_its_data_is_passed_over(mlmd_store):
    [plain] = mlmd_store.execution("Gen", {}, {"examples": "Examples"})
    mlmd_store.execution("Trainer", {"examples": [plain]}, {"model": "Model"})
    examples, _ = mlmd_store.day(12)
    assert before(mlmd_store, examples) is None
