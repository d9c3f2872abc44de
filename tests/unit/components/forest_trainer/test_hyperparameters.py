import json

import pytest
from tfx.types import standard_artifacts

from headrace.components.forest_trainer import hyperparameters
from headrace.components.forest_trainer.problem import Algorithm
from headrace.errors import HeadraceError

BOOSTED, RANDOM = Algorithm.GRADIENT_BOOSTED_TREES, Algorithm.RANDOM_FOREST


def test_values_are_taken_as_their_types_are() -> None:
    given = {"num_trees": 3, "shrinkage": 1, "honest": True, "growing_strategy": "LOCAL"}
    checked = hyperparameters.check(BOOSTED, given)
    assert checked == given
    assert type(checked["shrinkage"]) is float


def test_an_unknown_one_is_refused_with_what_may_have_been_meant() -> None:
    with pytest.raises(HeadraceError, match=r"no hyperparameter 'num_tree'\n.*'num_trees'"):
        hyperparameters.check(BOOSTED, {"num_tree": 3})


def test_one_of_the_other_kind_of_forest_is_unknown() -> None:
    with pytest.raises(HeadraceError, match="random_forest has no hyperparameter 'shrinkage'"):
        hyperparameters.check(RANDOM, {"shrinkage": 0.1})


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("num_trees", "3", "int"),
        ("num_trees", 3.0, "int"),
        ("num_trees", True, "int"),
        ("shrinkage", "0.1", "float"),
        ("honest", 1, "bool"),
        ("growing_strategy", 7, "str"),
    ],
)
def test_a_wrong_type_is_refused(name, value, kind) -> None:
    with pytest.raises(HeadraceError, match=f"hyperparameter {name} must be {kind}, not"):
        hyperparameters.check(BOOSTED, {name: value})


@pytest.mark.parametrize("name", ["label", "random_seed", "workers", "tuner", "num_threads"])
def test_what_the_component_decides_is_no_hyperparameter(name) -> None:
    with pytest.raises(HeadraceError, match="has no hyperparameter"):
        hyperparameters.check(BOOSTED, {name: 1})


def test_one_that_is_given_twice_is_refused() -> None:
    properties = {"hyperparameters": json.dumps({"num_trees": 3}), "num_trees": 4}
    with pytest.raises(HeadraceError, match="num_trees is given twice"):
        hyperparameters.of_properties(properties)


@pytest.mark.parametrize("content", [{"max_depth": 3}, {"space": [], "values": {"max_depth": 3}}])
def test_an_artifact_has_values_by_name_or_as_keras_tuner_keeps_them(tmp_path, content) -> None:
    artifact = standard_artifacts.HyperParameters()
    artifact.uri = str(tmp_path)
    (tmp_path / "hyperparameters.txt").write_text(json.dumps(content))
    assert hyperparameters.of_artifact([artifact]) == {"max_depth": 3}
    assert hyperparameters.of_artifact([]) == {}
