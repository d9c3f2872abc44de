import io

import pytest

from headrace.bootstrap.progress import Progress


def test_in_a_pipe_a_step_is_one_line_before_and_one_after():
    stream = io.StringIO()
    with Progress(stream).step("making x"):
        assert stream.getvalue() == "headrace: making x ...\n"
    assert stream.getvalue().splitlines()[1].startswith("headrace: making x: done in ")
    assert "\x1b" not in stream.getvalue()


def test_a_step_that_fails_is_not_called_done():
    stream = io.StringIO()
    with pytest.raises(ValueError, match="broken"), Progress(stream).step("making x"):
        raise ValueError("broken")
    assert stream.getvalue() == "headrace: making x ...\n"


def test_a_reader_that_has_gone_does_not_stop_the_work():
    stream = io.StringIO()
    progress = Progress(stream)
    stream.close()
    progress.say("hello")
    assert stream.closed
