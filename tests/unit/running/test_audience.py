import os

from headrace.running.audience import has_gone, speak_to_nobody


def test_a_pipe_has_no_audience_once_its_reader_is_closed() -> None:
    reader, writer = os.pipe()
    try:
        assert not has_gone(writer)
        os.close(reader)
        assert has_gone(writer)
        speak_to_nobody(writer)
        assert os.write(writer, b"said to nobody") == 14
        assert not has_gone(writer)
    finally:
        os.close(writer)
