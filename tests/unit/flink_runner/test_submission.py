import threading

import pytest

from headrace.flink_runner.submission import uninterrupted


class Stop(BaseException):
    pass


def test_its_result_and_its_error_are_the_callers() -> None:
    assert uninterrupted(lambda: "job", undo=lambda job: None) == "job"
    with pytest.raises(ValueError, match="refused"):
        uninterrupted(lambda: int("refused"), undo=lambda job: None)


def test_what_was_submitted_while_the_caller_was_stopped_is_undone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    submitted = threading.Event()
    undone: list[str] = []

    def submit() -> str:
        submitted.wait(10)
        return "job"

    join = threading.Thread.join
    calls: list[float | None] = []

    def stopped_once(self: threading.Thread, timeout: float | None = None) -> None:
        # A signal can come at any time; here it comes while the first join waits.
        calls.append(timeout)
        if len(calls) == 1:
            submitted.set()
            raise Stop
        join(self, timeout)

    monkeypatch.setattr(threading.Thread, "join", stopped_once)
    with pytest.raises(Stop):
        uninterrupted(submit, undo=undone.append)
    assert undone == ["job"]
