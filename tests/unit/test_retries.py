import errno
import logging
from collections.abc import Callable

import pytest

from headrace import retries
from headrace.retries import Patience, is_transient_os_error, patiently


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses are noted, not slept: their length is what is tested."""
    found: list[float] = []
    monkeypatch.setattr(retries.time, "sleep", found.append)
    return found


def failing(times: int, number: int = errno.EIO) -> Callable[[int], str]:
    def call(calls: int) -> str:
        if calls < times:
            raise OSError(number, "it failed")
        return f"done at call {calls}"

    return call


def test_what_passes_is_asked_again_ever_more_slowly_and_told(
    pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert patiently(failing(4), "stat /a", is_transient_os_error) == "done at call 4"
    assert pauses == [0.5, 1.0, 2.0, 4.0]
    assert len(caplog.messages) == 4
    assert "stat /a" in caplog.messages[0]
    assert "tried again in 0.5 s (call 1 of 5 failed)" in caplog.messages[0]


def test_it_is_not_asked_for_ever(pauses: list[float]) -> None:
    with pytest.raises(OSError, match="it failed"):
        patiently(failing(5), "stat /a", is_transient_os_error)
    assert len(pauses) == 4


def test_pauses_are_bounded_and_so_are_they_together(pauses: list[float]) -> None:
    many = Patience(calls=100, total_seconds=float("inf"))
    assert patiently(failing(9), "x", is_transient_os_error, many) == "done at call 9"
    assert max(pauses) == 8.0
    pauses.clear()
    with pytest.raises(OSError, match="it failed"):
        patiently(failing(9), "x", is_transient_os_error, Patience(calls=100, total_seconds=0.4))
    assert pauses == []


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.ENOENT, errno.EROFS]
)
def test_what_will_not_pass_fails_at_once(number: int, pauses: list[float]) -> None:
    with pytest.raises(OSError, match="it failed"):
        patiently(failing(1, number), "x", is_transient_os_error)
    assert pauses == []


@pytest.mark.parametrize(
    "number", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ECONNRESET, errno.ECONNREFUSED]
)
def test_what_may_pass_is_transient(number: int) -> None:
    assert is_transient_os_error(OSError(number, "x"))
    assert not is_transient_os_error(ValueError("x"))
