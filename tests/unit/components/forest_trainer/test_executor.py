"""The executor trains and exports real models of small tables."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import tensorflow as tf

from headrace.errors import HeadraceError
from tests.unit.components.forest_trainer.conftest import KINDS, example, rows


def loaded(model):
    return tf.saved_model.load(f"{model.uri}/Format-Serving")


def ask(saved, given, signature="serving_default"):
    serialized = tf.constant([example(row).SerializeToString() for row in given])
    answers = saved.signatures[signature](examples=serialized)
    return {name: answer.numpy() for name, answer in answers.items()}


def without_label(given):
    return [{name: value for name, value in row.items() if name != "y"} for row in given]


@pytest.mark.parametrize("algorithm", ["gradient_boosted_trees", "random_forest"])
def test_a_binary_forest_tells_classes_of_unlabelled_examples(workshop, algorithm) -> None:
    held_out = rows(200, seed=2)
    examples = workshop.examples(train=rows(600), eval=held_out)
    model, run = workshop.train(examples, workshop.schema(**KINDS), algorithm=algorithm)
    saved = loaded(model)
    answers = ask(saved, without_label(held_out))
    truth = np.array([row["y"] for row in held_out])
    assert (answers["class"] == truth).mean() > 0.85
    assert answers["probabilities"].shape == (200, 2)
    assert answers["probability"] == pytest.approx(answers["probabilities"][:, 1])
    assert ask(saved, held_out, "evaluate")["prediction"] == pytest.approx(answers["probability"])
    assert (ask(saved, held_out, "label")["label"] == truth).all()
    told = json.loads(Path(run.uri, "training.json").read_text())
    assert told["held_out"]["accuracy"] == pytest.approx((answers["class"] == truth).mean())
    assert told["trees"] == 10


def test_classes_can_be_texts_and_more_than_two(workshop) -> None:
    def named(given):
        return [{**row, "y": [b"lo", b"mid", b"hi"][row["y"] + (row["n"] == 4)]} for row in given]

    held_out = named(rows(200, seed=2))
    examples = workshop.examples(train=named(rows(600)), eval=held_out)
    schema = workshop.schema(**{**KINDS, "y": "BYTES"})
    model, _ = workshop.train(examples, schema, task="multiclass")
    answers = ask(loaded(model), without_label(held_out))
    truth = np.array([row["y"] for row in held_out])
    assert (answers["class"] == truth).mean() > 0.85
    labels = ask(loaded(model), held_out, "label")["label"]
    assert (np.array([b"hi", b"lo", b"mid"])[labels] == truth).all()


def test_a_regression_answers_a_number(workshop) -> None:
    def measured(given):
        return [{**row, "y": float((row["x"] or 0) * 2 + row["n"])} for row in given]

    held_out = measured(rows(200, seed=2))
    examples = workshop.examples(train=measured(rows(800)), eval=held_out)
    schema = workshop.schema(**{**KINDS, "y": "FLOAT"})
    model, _ = workshop.train(examples, schema, task="regression", num_trees=60)
    answers = ask(loaded(model), without_label(held_out))["prediction"]
    truth = np.array([row["y"] for row in held_out], np.float32)
    assert np.abs(answers - truth).mean() < 0.4 * truth.std()
    assert ask(loaded(model), held_out, "label")["label"] == pytest.approx(truth)


def test_missing_values_and_several_numbers_a_row_are_served_as_they_were_learned(workshop) -> None:
    def paired(given):
        return [{**row, "m": [float(row["n"]), float(row["y"])]} for row in given]

    train = paired(rows(300))
    examples = workshop.examples(train=train, eval=train)
    schema = workshop.schema(categorical=["n"], m="FLOAT", **KINDS)
    model, run = workshop.train(examples, schema)
    told = json.loads(Path(run.uri, "training.json").read_text())
    assert told["features"] == {"c": "category", "m": "number", "n": "category", "x": "number"}
    accuracy = (ask(loaded(model), train)["class"] == [row["y"] for row in train]).mean()
    assert accuracy == pytest.approx(told["held_out"]["accuracy"])
    answers = ask(loaded(model), [{}, {"x": None, "c": b"never seen"}])
    assert np.isfinite(answers["probability"]).all()


def test_a_seed_and_the_same_rows_in_any_order_give_the_same_forest(workshop) -> None:
    train = rows(400)
    schema = workshop.schema(**KINDS)
    asked = rows(100, seed=3)
    found = []
    for order, seed in ((1, 1), (-1, 1), (1, 2)):
        examples = workshop.examples(train=train[::order], eval=train[:50])
        model, _ = workshop.train(examples, schema, seed=seed, subsample=0.5)
        found.append(ask(loaded(model), asked)["probability"])
    assert (found[0] == found[1]).all()
    assert (found[0] != found[2]).any()


def test_weights_say_how_much_a_row_counts(workshop) -> None:
    train = [{"x": float(i % 2), "y": int(i % 4 < 2), "w": float(i % 4 < 2)} for i in range(400)]
    schema = workshop.schema(x="FLOAT", y="INT", w="FLOAT")
    model, _ = workshop.train(
        workshop.examples(train=train, eval=train), schema, weights="w", hyperparameters={}
    )
    assert ask(loaded(model), train)["probability"].min() > 0.8  # rows that are 0 weigh nothing


def test_the_model_run_has_importances_and_a_picture(workshop) -> None:
    examples = workshop.examples(train=rows(400), eval=rows(50))
    _, run = workshop.train(examples, workshop.schema(**KINDS))
    importances = json.loads(Path(run.uri, "feature_importances.json").read_text())
    assert max(importances["SUM_SCORE"], key=importances["SUM_SCORE"].get) == "x"
    picture = ElementTree.parse(Path(run.uri, "first_tree.svg")).getroot()
    texts = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert any(text.startswith("x >= ") for text in texts)
    assert Path(run.uri, "ydf", "header.pb").exists()


def test_what_a_tuner_found_goes_before_the_components_own(workshop) -> None:
    examples = workshop.examples(train=rows(200), eval=rows(50))
    tuned = workshop.hyperparameters({"space": [], "values": {"num_trees": 4}})
    _, run = workshop.train(
        examples, workshop.schema(**KINDS), tuned, hyperparameters={"max_depth": 2}
    )
    told = json.loads(Path(run.uri, "training.json").read_text())
    assert told["hyperparameters"] == {"num_trees": 4, "max_depth": 2}
    assert told["trees"] == 4


ONE_CLASS = [{**row, "y": 1} for row in rows(20)]
GAPS = [{**row, "y": None if i < 3 else row["y"]} for i, row in enumerate(rows(20))]


@pytest.mark.parametrize(
    ("train", "properties", "message"),
    [
        (rows(20), {"label": "z"}, "no feature 'z', the label to use"),
        (rows(20), {"label": ""}, "label must name"),
        (rows(20), {"task": "ranking"}, "task must be one of binary, multiclass, regression"),
        (rows(20), {"algorithm": "oak"}, "algorithm must be one of"),
        (rows(20), {"features": ["x", "q"]}, "no feature 'q'"),
        (rows(20), {"features": ["x", "y"]}, "'y' cannot be a feature as well"),
        (rows(20), {"weights": "w"}, "no feature 'w'"),
        (rows(20), {"weights": "x"}, "weights 'x' are missing or below 0"),
        (rows(20), {"label": "n"}, "'n' has 5 classes .0, 1, 2, 3, 4.; task binary takes 2"),
        (rows(20), {"label": "c", "task": "regression"}, "'c' is text; regression needs a number"),
        (ONE_CLASS, {}, "the label 'y' is 1 in every row of split 'train'"),
        (GAPS, {}, "the label 'y' is missing in 3 of 20 rows of split 'train'"),
        ([], {}, "split 'train' of the examples has no rows"),
        (rows(20), {"train_split": "first"}, "no split 'first'"),
        (rows(20), {"hyperparameters": {"num_leaves": 3}}, "no hyperparameter 'num_leaves'"),
        (rows(20), {"num_trees": -1}, "YDF does not train with this: .*num_trees.* smaller"),
        (rows(20), {"seed": -1}, "seed must be 0 or more"),
    ],
)
def test_a_mistake_gets_one_clear_message(workshop, train, properties, message) -> None:
    examples = workshop.examples(train=train, eval=rows(20))
    with pytest.raises(HeadraceError, match=message):
        workshop.train(examples, workshop.schema(**KINDS), **properties)


def test_without_a_schema_it_is_not_known_what_examples_hold(workshop) -> None:
    examples = workshop.examples(train=rows(20), eval=rows(20))
    with pytest.raises(HeadraceError, match=r"give ForestTrainer the schema, or the transform_g"):
        workshop.train(examples, None)
