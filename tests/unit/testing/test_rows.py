from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headrace.errors import UsageError
from headrace.testing import examples_frame

ROWS = [
    {"x": 1, "n": 2, "word": "a", "several": [1.0, 2.5], "gap": None},
    {"x": 2.5, "n": None, "word": "é", "several": [3.0]},
]


def test_rows_come_back_as_they_were_written(examples) -> None:
    frame = examples_frame(examples(ROWS))
    assert frame["x"].tolist() == [1.0, 2.5]
    assert frame["x"].dtype == np.float32
    assert frame["n"].tolist() == [2, None]
    assert frame["word"].tolist() == ["a", "é"]
    assert frame["several"].tolist() == [[1.0, 2.5], 3.0]
    assert frame["gap"].tolist() == [None, None]


def test_a_frame_and_the_files_of_it_make_the_same_examples(examples, tmp_path: Path) -> None:
    frame = pd.DataFrame({"n": [1, 2], "word": ["a", None], "x": [0.5, np.nan]})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    frame.to_parquet(tmp_path / "rows.parquet")
    frame.to_json(tmp_path / "rows.jsonl", orient="records", lines=True)
    expected = examples_frame(examples(frame))
    assert expected["x"].tolist() == [0.5, None]
    assert expected["word"].tolist() == ["a", None]
    for name in ("rows.csv", "rows.parquet", "rows.jsonl"):
        pd.testing.assert_frame_equal(examples_frame(examples(tmp_path / name)), expected)


def test_records_are_taken_as_they_are(examples) -> None:
    made = examples(ROWS)
    [shard] = Path(made.uri, "Split-train").iterdir()
    again = examples(eval=shard)
    pd.testing.assert_frame_equal(examples_frame(again, "eval"), examples_frame(made))


def test_splits_are_read_one_by_one_or_together(examples) -> None:
    made = examples(train=ROWS, eval=ROWS[:1], span=3)
    assert [len(examples_frame(made, name)) for name in ("train", "eval")] == [2, 1]
    assert len(examples_frame(made)) == 3
    assert made.get_int_custom_property("span") == 3
    with pytest.raises(UsageError, match="has no split 'test'"):
        examples_frame(made, "test")


def test_bytes_that_are_no_text_stay_bytes(examples) -> None:
    assert examples_frame(examples([{"raw": b"\xff\x00"}]))["raw"].tolist() == [b"\xff\x00"]


def test_a_split_may_be_empty(examples) -> None:
    assert examples_frame(examples([])).empty


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"x": 1.0}, {"x": {"a": 1}}], r"row 1, column 'x': {'a': 1} cannot be in a tf.Example"),
        ([{"x": 1.0}, {"x": "a"}], "row 1, column 'x': 'a' after float values"),
        ([1, 2], "rows are a list of dicts, a DataFrame or a file"),
        ({"x": 1.0}, "rows are a list of dicts, a DataFrame or a file"),
        ("nowhere.csv", "there is no file nowhere.csv"),
        (__file__, "has no rows that can be read"),
    ],
)
def test_what_are_no_rows_is_told_with_its_place(examples, rows, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        examples(rows)
