"""A whole stream on Beam's direct runner: which rows land where, once, however often it starts."""

import gzip
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from headrace.components.stream_example_gen.component import stream_spans
from headrace.components.stream_example_gen.journal import StreamError
from headrace.components.stream_example_gen.rows import RowFormat, read_rows
from headrace.components.stream_example_gen.stream import FileStream
from headrace.span_keys import span_key
from headrace.testing import examples_frame

HEADER = "time,word,count\n"
COLUMNS = {"time": "int", "word": "bytes", "count": "int"}


@pytest.fixture
def stream(tmp_path: Path) -> FileStream:
    (tmp_path / "in").mkdir()
    return FileStream(
        source=str(tmp_path / "in"),
        directory=str(tmp_path / "out"),
        columns=COLUMNS,
        time_column="time",
        window_seconds=10,
        allowed_lateness=5,
        look_seconds=0.05,
    )


def feed(stream: FileStream, name: str, *times: int) -> None:
    rows = "".join(f"{time},{name},{number}\n" for number, time in enumerate(times))
    Path(stream.source, f"{name}.csv").write_text(HEADER + rows)


def run(stream: FileStream, entries: int) -> None:
    """Until so many steps are done; then event time ends, which closes every window."""
    with beam.Pipeline("DirectRunner", options=PipelineOptions(["--streaming"])) as pipeline:
        stream.build(pipeline, stop_after=entries)


def spans(stream: FileStream) -> dict[str, list[tuple[int, str]]]:
    """Time and word of the rows of each span."""
    found = {}
    for span in sorted(Path(stream.directory, "spans").glob("span-*")):
        rows = read_rows(span / "data-00000-of-00001.gz", RowFormat(time_column="time"))
        assert rows.bad == []
        found[span.name] = [
            (int(time), word(example))
            for time, example in zip(rows.times, rows.values, strict=True)
        ]
        assert json.loads((span / "manifest.json").read_text())["rows"] == len(rows.lines)
    return found


def word(example: bytes) -> str:
    import tensorflow as tf

    feature = tf.train.Example.FromString(example).features.feature["word"]
    return str(feature.bytes_list.value[0].decode())


def kept(stream: FileStream, kind: str) -> list[dict[str, Any]]:
    files = sorted(Path(stream.directory, kind).glob("*"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_rows_land_in_the_span_of_their_time_and_late_ones_aside(stream: FileStream) -> None:
    feed(stream, "a", 1, 12, 3)
    feed(stream, "b", 14, 4, 21)  # 4 is within the allowed lateness
    feed(stream, "c", 9, 25, 10)  # 21 - 5 closed the first window
    run(stream, 1)
    assert spans(stream) == {
        "span-0": [(1, "a"), (3, "a"), (4, "b")],
        "span-1": [(12, "a"), (14, "b"), (10, "c")],
        "span-2": [(21, "b"), (25, "c")],
    }
    [late] = kept(stream, "late")
    assert late == {
        "file": f"{stream.source}/c.csv", "line": 2, "event_time": 9.0, "span": 0, "row": "9,c,0",
    }  # fmt: skip
    assert [read["rows"] for read in kept(stream, "read")] == [3, 3, 2]
    assert not list(Path(stream.directory, "staging").iterdir())


def test_each_span_is_announced_once_with_its_rows_and_times(stream: FileStream) -> None:
    feed(stream, "a", 1, 2, 35)  # two windows in between have no row, and no span
    run(stream, 1)
    outbox = kept(stream, "outbox")
    assert [(one["span"], one["rows"], one["start"], one["end"]) for one in outbox] == [
        (0, 2, 0, 10), (3, 1, 30, 40),
    ]  # fmt: skip
    assert all(Path(one["uri"], "data-00000-of-00001.gz").exists() for one in outbox)


def test_a_stream_that_begins_anew_reads_in_the_same_order_and_changes_nothing(
    stream: FileStream,
) -> None:
    feed(stream, "b", 1, 21)
    run(stream, 1)
    feed(stream, "a", 2, 22)  # sorted before b, but taken after it: its first row is late
    before = {path: path.stat().st_mtime_ns for path in _files(stream, "spans", "outbox")}
    shutil.rmtree(Path(stream.directory, "spans", "span-2"))
    (Path(stream.directory, "outbox", "span-2.json")).unlink()
    run(stream, 2)
    assert spans(stream) == {"span-0": [(1, "b")], "span-2": [(21, "b"), (22, "a")]}
    assert [late["event_time"] for late in kept(stream, "late")] == [2.0]
    unchanged = [path for path in before if "span-0" in str(path)]
    assert [path.stat().st_mtime_ns for path in unchanged] == [before[path] for path in unchanged]


def test_a_span_that_was_landed_but_not_announced_is_announced(stream: FileStream) -> None:
    feed(stream, "a", 1)
    run(stream, 1)
    announced = Path(stream.directory, "outbox", "span-0.json")
    before = announced.read_text()
    announced.unlink()
    run(stream, 1)
    assert announced.read_text() == before


def test_bad_rows_are_kept_with_file_line_and_reason(stream: FileStream) -> None:
    text = HEADER + "1,fine,1\nnever,x,1\n2,x\n3,x,much\n\n4,\xff,1\n5,fine,\n"
    Path(stream.source, "a.csv").write_bytes(text.encode("latin-1"))
    Path(stream.source, "b.csv").write_text("time,word\n1,x\n")
    run(stream, 1)
    assert spans(stream) == {"span-0": [(1, "fine"), (5, "fine")]}
    bad = kept(stream, "bad")
    assert [(Path(one["file"]).name, one["line"]) for one in bad] == [
        ("a.csv", 3), ("a.csv", 4), ("a.csv", 5), ("a.csv", 7), ("b.csv", 1),
    ]  # fmt: skip
    assert [one["reason"] for one in bad] == [
        "time is 'never', which is no int",
        "it has 2 fields, the header 3",
        "count is 'much', which is no int",
        "it is not UTF-8",
        "the file cannot be read from here on: its header has no column count",
    ]


def test_json_lines_and_tfrecords_are_read_too(stream: FileStream) -> None:
    objects = [{"time": 1, "word": "j", "count": 2}, {"time": 2, "word": "j"}, [1]]
    Path(stream.source, "a.jsonl").write_text("".join(f"{json.dumps(o)}\n" for o in objects))
    run(stream, 1)
    assert spans(stream) == {"span-0": [(1, "j"), (2, "j")]}
    assert [bad["reason"] for bad in kept(stream, "bad")] == ["it is no JSON object"]
    landed = Path(stream.directory, "spans", "span-0", "data-00000-of-00001.gz")
    torn = gzip.decompress(landed.read_bytes())
    source = Path(stream.source).parent / "records"
    source.mkdir()
    (source / "c.tfrecord").write_bytes(torn)
    (source / "d.tfrecord").write_bytes(torn[:-3])
    again = replace(stream, source=str(source), directory=f"{source}-out", columns={})
    run(again, 1)
    assert spans(again) == {"span-0": [(1, "j"), (2, "j"), (1, "j")]}
    assert [(bad["line"], bad["reason"]) for bad in kept(again, "bad")] == [
        (2, "the file cannot be read from here on: a TFRecord is torn")
    ]


def test_files_that_are_not_complete_yet_are_passed_over(stream: FileStream) -> None:
    feed(stream, ".a", 1)
    feed(stream, "_b", 1)
    feed(stream, "c", 1)
    run(stream, 1)
    assert spans(stream) == {"span-0": [(1, "c")]}


def test_without_new_files_windows_close_after_a_while(stream: FileStream) -> None:
    feed(stream, "a", 1)
    run(replace(stream, idle_seconds=0.1), 2)  # the second step is that nothing came
    entries = kept(stream, "journal")
    assert [entry["idle"] for entry in entries] == [False, True]
    feed(stream, "b", 2)
    run(stream, 3)
    assert spans(stream) == {"span-0": [(1, "a")]}
    assert [late["event_time"] for late in kept(stream, "late")] == [2.0]


def test_a_file_that_changes_after_it_was_taken_stops_the_stream(stream: FileStream) -> None:
    feed(stream, "a", 1)
    run(stream, 1)
    feed(stream, "a", 1, 2)
    with pytest.raises(Exception, match=r"a\.csv has changed since the stream took it"):
        run(stream, 1)


def test_a_file_that_is_gone_is_named_where_it_is_needed_again(stream: FileStream) -> None:
    feed(stream, "a", 1)
    run(stream, 1)
    Path(stream.source, "a.csv").unlink()
    with pytest.raises(Exception, match=r"has taken .*a\.csv, and it is gone: put it back"):
        run(stream, 1)


def test_a_landed_span_is_never_replaced_by_other_rows(stream: FileStream) -> None:
    feed(stream, "a", 1)
    run(stream, 1)
    shutil.rmtree(Path(stream.directory, "journal"))
    feed(stream, "b", 2)
    with pytest.raises(Exception, match="span-0 is there already, with other rows"):
        run(stream, 1)
    assert spans(stream) == {"span-0": [(1, "a")]}


def test_a_directory_keeps_to_its_windows(stream: FileStream) -> None:
    feed(stream, "a", 1)
    run(stream, 1)
    with pytest.raises(StreamError, match=r"is a stream's with .*'window_seconds': 10"):
        run(replace(stream, window_seconds=20), 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"columns": {"a": "string"}}, "columns are int, float or bytes, not a: string"),
        ({"time_format": "days"}, "time_format is one of seconds, milliseconds, iso"),
        ({"window_seconds": 0}, "window_seconds is a whole number from 1"),
        ({"time_column": ""}, "a stream needs a time_column"),
    ],
)
def test_a_stream_that_cannot_be_meant_is_refused(
    stream: FileStream, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(StreamError, match=message):
        replace(stream, **wrong)


def _files(stream: FileStream, *folders: str) -> list[Path]:
    found = [path for name in folders for path in Path(stream.directory, name).rglob("*")]
    return [path for path in found if path.is_file()]


def test_a_span_of_the_stream_is_what_a_pipeline_reads(stream: FileStream, component) -> None:
    feed(stream, "a", 1, 2, 11)
    run(stream, 1)
    read = component(stream_spans, directory=stream.directory)["examples"]
    newest = sorted(spans(stream))[-1]
    assert read.get_int_custom_property("span") == int(newest.removeprefix("span-"))
    assert examples_frame(read)["time"].tolist() == [11]


def test_a_pipeline_reads_the_span_that_an_event_has_named(stream: FileStream, component) -> None:
    feed(stream, "a", 1, 2, 11)
    run(stream, 1)
    [first, _] = sorted(spans(stream))
    named = span_key(int(first.removeprefix("span-")))
    read = component(stream_spans, directory=stream.directory, span=named)["examples"]
    assert sorted(examples_frame(read)["time"]) == [1, 2]
