"""A stream of a source that is named: what it may be, and what is said of one that is none."""

from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from headrace.components.stream_example_gen import ElementStream
from headrace.components.stream_example_gen.journal import StreamError

SOURCES = "tests.data.streaming.impulses"


def stream(directory: Path, source: str, **arguments: Any) -> ElementStream:
    return ElementStream(
        source=source,
        source_arguments=arguments,
        directory=str(directory),
        columns={"time": "float", "word": "bytes"},
        time_column="time",
        window_seconds=10,
    )


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("Impulses", {}, r"source 'Impulses' is no dotted name, as package\.module\.Name"),
        ("no.such.Source", {}, r"module no\.such does not import: ModuleNotFoundError"),
        (f"{SOURCES}.Nothing", {}, f"module {SOURCES} has no Nothing"),
        (f"{SOURCES}.SECONDS", {}, "is a float, and no PTransform"),
        (f"{SOURCES}.not_a_source", {}, "gives a str, and no PTransform"),
        (f"{SOURCES}.Impulses", {}, "does not take these source_arguments: missing a required"),
        (f"{SOURCES}.MADE", {"start": 1}, "is made already: it takes no source_arguments"),
    ],
)
def test_a_source_that_is_none_is_refused_by_name(
    tmp_path: Path, name: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(StreamError, match=message):
        stream(tmp_path, name, **arguments)


def test_a_source_with_an_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StreamError, match="gives no unbounded PCollection"):
        stream(tmp_path, f"{SOURCES}.Ended").build(beam.Pipeline())


def test_what_another_start_has_read_is_not_read_into_the_directory_again(tmp_path: Path) -> None:
    (tmp_path / "arrived").mkdir()
    (tmp_path / "arrived" / "00000000.jsonl").write_text("{}\n")
    source = stream(tmp_path, f"{SOURCES}.MADE")
    with pytest.raises(StreamError, match="has elements of an earlier start"):
        source.build(beam.Pipeline())
    source.build(beam.Pipeline(options=PipelineOptions(["--savepoint_path=file:/savepoint"])))
