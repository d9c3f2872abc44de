"""The component as a pipeline runs it, with Beam's direct runner."""

import json
from pathlib import Path

import pytest

from headrace.components.text_predictions import TextPredictions
from headrace.errors import HeadraceError


@pytest.fixture
def write(component, examples):
    def call(*rows: tuple[str, str, float]) -> Path:
        """Write the rows' predictions; return the directory."""
        given = [dict(zip(("label", "text", "score"), row, strict=True)) for row in rows]
        made = component(TextPredictions, examples=examples(eval=given), least_texts=2)
        return Path(made["predictions"].uri)

    return call


def _lines(folder: Path, kind: str) -> list[str]:
    """Of one kind of file, without the header."""
    found = [file.read_text().splitlines() for file in folder.glob(f"{kind}-*.tsv")]
    assert found
    return sorted(line for file in found for line in file[1:])


def test_texts_are_written_and_summed_by_label_and_by_word(write):
    found = write(
        ("spam", "free money", 0.75), ("spam", "Free call", 0.25), ("ham", "call me", 0.125)
    )
    assert _lines(found, "predictions") == [
        "0.125000\tham\tcall me",
        "0.250000\tspam\tFree call",
        "0.750000\tspam\tfree money",
    ]
    assert _lines(found, "by_label") == ["ham\t1\t0\t0.125000", "spam\t2\t1\t0.500000"]
    assert _lines(found, "by_word") == ["call\t2\t0\t0.187500", "free\t2\t1\t0.500000"]
    steps = json.loads((found / "steps.json").read_text())
    assert {"Combine by label", "Combine by word", "Write predictions"} <= {
        step["step"] for step in steps
    }


def test_without_examples_it_fails_with_their_place(component, examples):
    empty = examples(eval=[])
    for file in Path(empty.uri, "Split-eval").iterdir():
        file.unlink()
    with pytest.raises(HeadraceError, match=f"no scored examples in {empty.uri}"):
        component(TextPredictions, examples=empty)
