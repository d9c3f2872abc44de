"""Elements of a source as files: nothing is written before a checkpoint has it. Beam's own state
needs a runner; here cells in memory stand for it, so that a test can set it back."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from headrace.components.stream_example_gen.journal import StreamError
from headrace.components.stream_example_gen.rows import RowFormat, read_rows
from headrace.components.stream_example_gen.spooling import TICK, Spool, as_line, as_record


class Bag(list[bytes]):
    """A bag of Beam's state."""

    add = list.append
    read = list.copy


class Value:
    """A value of Beam's state."""

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def read(self) -> Any:
        return self.value

    def write(self, value: Any) -> None:
        self.value = value

    def clear(self) -> None:
        self.value = None


@dataclass
class Job:
    """A spool, its state, and its checkpoints."""

    directory: Path
    records: bool = False
    buffer: Bag = field(default_factory=Bag)
    closed: Value = field(default_factory=Value)
    number: Value = field(default_factory=Value)
    waiting: list[Any] = field(default_factory=list)

    def register(self, callback: Any) -> None:
        self.waiting.append(callback)

    def give(self, *elements: bytes) -> None:
        for element in elements:
            spool = Spool(str(self.directory), self.records)
            list(spool.process((b"", element), self.buffer, self.closed, self.number, self))

    def checkpoint(self) -> None:
        """One ends, and Beam tells of it."""
        waiting, self.waiting = self.waiting, []
        for callback in waiting:
            callback()

    def files(self) -> list[list[Any]]:
        return [
            [json.loads(line) for line in path.read_text().splitlines()]
            for path in sorted(self.directory.glob("*.jsonl"))
        ]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def row(number: int) -> bytes:
    return as_line({"n": number})


def test_elements_are_written_when_a_second_checkpoint_has_ended_and_then_once(job: Job) -> None:
    job.give(row(1), row(2), TICK, row(3))
    job.checkpoint()  # it may have begun before the tick
    job.give(TICK)
    assert job.files() == []
    job.checkpoint()
    job.give(TICK, TICK)
    assert job.files() == [[{"n": 1}, {"n": 2}]]
    for _ in range(2):
        job.checkpoint()
        job.give(TICK)
    assert job.files() == [[{"n": 1}, {"n": 2}], [{"n": 3}]]


def test_two_ends_that_were_asked_for_at_once_are_one_checkpoint(job: Job) -> None:
    job.give(row(1), TICK, TICK)
    job.checkpoint()
    job.give(TICK)
    assert job.files() == []


def test_a_restart_before_the_write_gives_other_portions_and_loses_and_repeats_nothing(
    tmp_path: Path,
) -> None:
    before = Job(tmp_path)
    before.give(row(1), TICK)
    before.checkpoint()  # premature: the state was taken before, so the next job begins empty
    before.give(TICK)
    job = Job(tmp_path)
    job.give(row(1), row(2), TICK)
    job.checkpoint()
    job.give(TICK)
    assert job.files() == []
    job.checkpoint()
    job.give(TICK)
    assert job.files() == [[{"n": 1}, {"n": 2}]]


def test_a_restart_after_the_write_finds_the_same_file_there(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.give(row(1), TICK)
    kept = (Bag(job.buffer), Value(job.closed.value), Value(job.number.value))
    for _ in range(2):
        job.checkpoint()
        job.give(TICK)
    again = Job(tmp_path, False, *kept)
    again.give(row(2))
    for _ in range(6):
        again.give(TICK)
        again.checkpoint()
    assert again.files() == [[{"n": 1}], [{"n": 2}]]


def test_a_file_with_other_elements_is_never_replaced(job: Job) -> None:
    (job.directory / "00000000.jsonl").write_text("another's\n")
    job.give(row(1), TICK)
    job.checkpoint()
    job.give(TICK)
    job.checkpoint()
    with pytest.raises(StreamError, match="is there already, with other elements"):
        job.give(TICK)


def test_tf_examples_are_kept_as_tfrecords(tmp_path: Path) -> None:
    import tensorflow as tf

    feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[7]))
    example = tf.train.Example(features=tf.train.Features(feature={"time": feature}))
    job = Job(tmp_path, records=True)
    job.give(as_record(example), as_record(example.SerializeToString()), as_record("none"), TICK)
    for _ in range(2):
        job.checkpoint()
        job.give(TICK)
    rows = read_rows(tmp_path / "00000000.tfrecord", RowFormat(time_column="time"))
    assert rows.times == [7, 7]
    assert [bad["line"] for bad in rows.bad] == [3]


def test_elements_become_lines_whatever_they_are(tmp_path: Path) -> None:
    import apache_beam as beam
    import numpy as np

    elements = [
        {"time": np.int64(1), "word": b"mill"},
        '{"time": 2,\n "word": "mill"}',
        b'{"time": 3, "word": "mill"}',
        beam.Row(time=4, word="mill"),
        ("no", "object"),
        b"\xff",
    ]
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(as_line(element)[1:] + b"\n" for element in elements))
    rows = read_rows(path, RowFormat({"time": "int", "word": "bytes"}, "time"))
    assert rows.values == [[time, b"mill"] for time in (1, 2, 3, 4)]
    assert [bad["line"] for bad in rows.bad] == [5, 6]


def test_an_integer_of_64_bits_is_one_though_no_float_is(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 9007199254740993}\n{"a": "9007199254740993"}\n{"a": 1.5}\n{"a": 2.0}\n')
    rows = read_rows(path, RowFormat({"a": "int"}))
    assert rows.values == [[2**53 + 1], [2**53 + 1], [2]]
    assert [one["line"] for one in rows.bad] == [3]
