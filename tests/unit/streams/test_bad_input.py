"""Whatever is in a stream's files: what it says, or a refusal with the file's name."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import strategies as st

from headrace.errors import HeadraceError, UsageError
from headrace.settings import load_settings
from headrace.streams.counts import StreamCounts, announcements, count_stream
from headrace.streams.state import StreamState, name_stream, read_state, state_path
from tests.bad_input.cases import fuzzed
from tests.bad_input.values import changed, damaged, odd_bytes, odd_text, short_text

STATE = asdict(StreamState("a.py:f", "0" * 32, "file:/savepoint", "/spans"))
READ = {"path": "/a.csv", "rows": 3, "late": 0, "bad": 1}
LANDED = {"span": 7, "uri": "/spans/span-7", "start": "a", "end": "b", "rows": 3}


def written(document):
    data = json.dumps(document).encode()
    return (
        st.just(data)
        | changed(document).map(lambda one: json.dumps(one).encode())
        | damaged(data)
        | odd_bytes
    )


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    place = tmp_path_factory.mktemp("streams").resolve()
    return replace(load_settings(place), project=place, home=place / ".headrace")


@fuzzed(60, data=written(STATE))
def test_a_streams_state_is_read_or_refused_with_its_file(settings, data):
    file = state_path(settings, "s")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    try:
        state = read_state(settings, "s")
    except HeadraceError as error:
        assert str(file) in error.message
        return
    assert all(isinstance(value, str) for value in asdict(state).values())


@fuzzed(60, read=st.lists(written(READ), max_size=3), landed=st.lists(written(LANDED), max_size=3))
def test_what_a_stream_has_done_is_counted_or_refused_with_the_file(tmp_path_factory, read, landed):
    directory = tmp_path_factory.mktemp("stream")
    for folder, several in (("read", read), ("outbox", landed)):
        (directory / folder).mkdir()
        for number, data in enumerate(several):
            (directory / folder / f"{number}.json").write_bytes(data)
    try:
        counts = count_stream(directory)
    except HeadraceError as error:
        assert str(directory) in error.message
        return
    assert isinstance(counts, StreamCounts)
    assert (counts.files, counts.spans) == (len(read), len(landed))
    spans = [one["span"] for one in announcements(directory)]
    assert spans == sorted(spans)


@fuzzed(40, text=odd_text | short_text | short_text.map(lambda text: f"{text}:create_stream"))
def test_a_stream_that_is_not_there_is_refused(settings, text):
    with pytest.raises(UsageError):
        name_stream(text, settings)
