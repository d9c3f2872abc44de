"""The text pipeline, from lines of text to lines of text."""

import json
import re
from pathlib import Path

import pytest
import tensorflow as tf

from pipelines.sms import data
from pipelines.sms.pipeline import AUC_AT_LEAST
from tests.integration.pipelines.runs import Run

pytestmark = pytest.mark.integration


def lines(run: Run, kind: str) -> list[list[str]]:
    """What the sink has written of a kind, without headers."""
    files = sorted(Path(run.newest("PredictionLines")).glob(f"{kind}-*.tsv"))
    assert files
    return [
        line.split("\t")
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()[1:]
    ]


def messages(run: Run, split: str) -> list[tuple[str, str]]:
    return [
        tuple(
            example.features.feature[name].bytes_list.value[0].decode()
            for name in ("label", "text")
        )
        for example in run.raw_examples(split)
    ]


def test_its_sources_import_nothing_of_headrace() -> None:
    sources = list(Path(data.__file__).parent.glob("*.py"))
    assert len(sources) > 5
    for source in sources:
        assert not re.search(r"^\s*(import|from) headrace", source.read_text(), re.MULTILINE)


def test_every_line_is_an_example_and_a_message_sent_twice_is_in_one_split(sms_run: Run) -> None:
    train, held_out = (messages(sms_run, split) for split in ("train", "eval"))
    assert sorted(train + held_out) == sorted(data.messages(data.source_file()))
    assert not {text for _, text in train} & {text for _, text in held_out}


def test_the_model_is_good_enough_blessed_and_pushed(sms_run: Run) -> None:
    assert sms_run.metrics()[(), "", "auc_precision_recall"] >= AUC_AT_LEAST
    assert sms_run.blessed()
    spam, ham = (
        tf.train.Example(
            features=tf.train.Features(
                feature={
                    "text": tf.train.Feature(bytes_list=tf.train.BytesList(value=[text.encode()]))
                }
            )
        )
        for text in (
            "URGENT! You have won a £2000 prize. Call 09061701461 to claim",
            "Sorry, I'll be home late, see you at dinner",
        )
    )
    scores = sms_run.serve([spam, ham])["score"].numpy()[:, 0]
    assert scores[0] > 0.9
    assert scores[1] < 0.1


def test_each_message_held_out_is_a_line_with_its_score(sms_run: Run) -> None:
    written = lines(sms_run, "predictions")
    expected = [(label, " ".join(text.split())) for label, text in messages(sms_run, "eval")]
    assert sorted((label, text) for _, label, text in written) == sorted(expected)
    assert all(0 <= float(score) <= 1 for score, *_ in written)


def test_the_sums_by_label_and_by_word_are_those_of_the_lines(sms_run: Run) -> None:
    written = lines(sms_run, "predictions")
    by_label = {label: numbers for label, *numbers in lines(sms_run, "by_label")}
    assert by_label.keys() == {"ham", "spam"}
    for label, (texts, positive, mean) in by_label.items():
        scores = [float(score) for score, other, _ in written if other == label]
        assert int(texts) == len(scores)
        assert int(positive) == sum(score >= 0.5 for score in scores)
        assert float(mean) == pytest.approx(sum(scores) / len(scores), abs=1e-6)
    by_word = {word: numbers for word, *numbers in lines(sms_run, "by_word")}
    assert int(by_word["prize"][0]) >= 5
    assert float(by_word["prize"][2]) > 0.9


def test_each_step_of_the_beam_jobs_has_its_time_and_memory(sms_run: Run) -> None:
    for place, step in (
        (sms_run.artifacts("Examples")[0], "Read lines"),
        (sms_run.newest("PredictionLines"), "Combine by word"),
    ):
        steps = {it["step"]: it for it in json.loads((Path(place) / "steps.json").read_text())}
        assert steps[step]["seconds"] is not None
        assert steps[step]["memory_mb"] > 100
