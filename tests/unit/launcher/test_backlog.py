from headrace.launcher.backlog import Backlog
from headrace.launcher.protocol import LogFrame, decode_frame


def test_a_later_client_is_told_what_it_has_not_seen() -> None:
    backlog = Backlog()
    for data in (b"1\n", b"2\n", b"3\n"):
        backlog.add(data)
    assert list(backlog.after(0)) == [b"1\n", b"2\n", b"3\n"]
    assert list(backlog.after(2)) == [b"3\n"]
    assert list(backlog.after(3)) == []


def test_the_oldest_frames_go_first_and_their_loss_is_told() -> None:
    backlog = Backlog(max_bytes=6)
    for data in (b"11\n", b"22\n", b"33\n"):
        backlog.add(data)
    lost, *kept = backlog.after(0)
    frame = decode_frame(lost)
    assert isinstance(frame, LogFrame)
    assert frame.message.startswith("1 earlier line")
    assert kept == [b"22\n", b"33\n"]
    assert list(backlog.after(1)) == kept


def test_the_newest_frame_is_kept_whatever_its_size() -> None:
    backlog = Backlog(max_bytes=2)
    backlog.add(b"1\n")
    backlog.add(b"a long one\n")
    assert list(backlog.after(1)) == [b"a long one\n"]
