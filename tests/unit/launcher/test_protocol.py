import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.launcher.protocol import (
    PROTOCOL_VERSION,
    ErrorFrame,
    EventFrame,
    ExitFrame,
    Hold,
    LogFrame,
    NewerProtocolError,
    Operation,
    ProtocolError,
    Request,
    ResultFrame,
    decode_frame,
    decode_request,
    encode,
)

text = st.text()
json_value = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
frames = st.one_of(
    st.builds(LogFrame, level=text, message=text, logger=text, time=st.floats(0, 1e10)),
    st.builds(EventFrame, event=text, pid=st.integers(0, 2**22), detail=text),
    st.builds(ResultFrame, value=st.dictionaries(text, json_value, max_size=4)),
    st.builds(ErrorFrame, error_type=text, message=text, traceback=text, transient=st.booleans()),
    st.builds(
        ExitFrame, code=st.none() | st.integers(0, 255), signal=st.none() | st.integers(1, 64)
    ),
)


def _encodable(value: object) -> bool:
    try:
        json.dumps(value, default=vars, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


@given(frames.filter(_encodable))
def test_a_frame_is_one_line_and_comes_back_as_it_was(frame: object) -> None:
    line = encode(frame)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_frame(line) == frame


@given(st.dictionaries(text.filter(_encodable), json_value.filter(_encodable), max_size=4))
def test_a_request_comes_back_as_it_was(payload: dict) -> None:
    request = Request(Operation.RUN_NODE, payload, "print", {"A": "b"})
    assert decode_request(encode(request)) == request
    held = replace(request, hold=Hold("key", "digest", 2, 1.5, 7))
    assert decode_request(encode(held)) == held


@given(st.binary() | st.builds(lambda value: json.dumps(value).encode(), json_value))
def test_anything_else_is_refused_clearly(line: bytes) -> None:
    for decode in (decode_frame, decode_request):
        with pytest.raises(ProtocolError):
            decode(line)


def test_text_that_is_not_unicode_is_sent_all_the_same() -> None:
    assert decode_frame(encode(LogFrame("INFO", "a\udcffb"))) == LogFrame("INFO", "a?b")


HELD = json.loads(encode(Request(Operation.RUN_NODE, {}, hold=Hold("key", "digest", 1, 1.5))))


@pytest.mark.parametrize(
    "fields",
    [
        {"version": 1, "operation": "run_node", "payload": {}},
        {"version": PROTOCOL_VERSION, "operation": "eval", "payload": {}},
        {"version": PROTOCOL_VERSION, "operation": "run_node", "payload": []},
        {"version": PROTOCOL_VERSION, "operation": "run_node", "payload": {}, "more": 1},
        {"version": PROTOCOL_VERSION, "operation": "run_node", "payload": {}, "hold": {"key": "k"}},
        {"version": PROTOCOL_VERSION, "operation": "run_node", "payload": {}, "hold": "k"},
        *(
            {**HELD, "hold": {**HELD["hold"], **wrong}}
            for wrong in ({"seconds": "1"}, {"key": []}, {"seen": None}, {"seconds": float("inf")})
        ),
        {**HELD, "environ": {"A": 1}},
        {**HELD, "fingerprint": []},
    ],
)
def test_a_request_of_another_kind_is_refused(fields: dict) -> None:
    with pytest.raises(ProtocolError):
        decode_request(json.dumps(fields).encode())


def test_a_request_of_a_later_version_is_told_apart() -> None:
    fields = {"version": PROTOCOL_VERSION + 1, "operation": "run_node", "payload": {}, "more": 1}
    with pytest.raises(NewerProtocolError):
        decode_request(json.dumps(fields).encode())


def test_a_refusal_is_short_however_long_the_line_was() -> None:
    for change in ({"version": "x" * 10**6}, {"operation": "x" * 10**6}, {"x" * 10**6: 1}):
        with pytest.raises(ProtocolError) as failure:
            decode_request(json.dumps({**HELD, **change}).encode())
        assert len(str(failure.value)) < 200


def test_a_variable_that_is_no_text_arrives_as_it_is() -> None:
    request = Request(Operation.RUN_NODE, {}, environ={"HOME": "/home/\udce9"})
    assert decode_request(encode(request)) == request


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(ProtocolError):
        decode_frame(b"[" * 200_000)
