"""Which records become frames, and of which level."""

import logging

import pytest

from headrace.launcher import logs
from headrace.launcher.logs import FrameHandler
from headrace.launcher.protocol import Frame, LogFrame


def sent(name: str, level: int, message: str) -> list[str]:
    """The levels of the frames that a record becomes where the log shows everything."""
    frames: list[Frame] = []
    logging.getLogger().setLevel(logging.DEBUG)
    FrameHandler(frames.append).emit(logging.LogRecord(name, level, "", 1, message, None, None))
    return [frame.level for frame in frames if isinstance(frame, LogFrame)]


@pytest.fixture(autouse=True)
def _level_as_before():
    before = logging.getLogger().level
    yield
    logging.getLogger().setLevel(before)


@pytest.mark.parametrize(
    ("name", "level", "message", "becomes"),
    [
        ("absl", logging.INFO, "Generating examples.", "INFO"),
        ("absl", logging.INFO, "MetadataStore with DB connection initialized", "DEBUG"),
        ("absl", logging.INFO, "Going to run a new execution: ExecutionInfo(", "DEBUG"),
        ("absl", logging.WARNING, "a proto\n" * 20, "DEBUG"),
        ("absl", logging.ERROR, "a traceback\n" * 20, "ERROR"),
        ("absl", logging.ERROR, "[latest] Input resolution error: min_count\nTraceback", "DEBUG"),
        ("py.warnings", logging.WARNING, "/e/lib/site-packages/a.py:1: FutureWarning: x", "DEBUG"),
        ("py.warnings", logging.WARNING, "/p/preprocessing.py:1: FutureWarning: x", "WARNING"),
    ],
)
def test_what_says_nothing_to_a_user_is_for_debugging(
    name: str, level: int, message: str, becomes: str
) -> None:
    assert sent(name, level, message) == [becomes]


def said(message: str) -> list[str]:
    frames: list[Frame] = []
    logging.getLogger().setLevel(logging.DEBUG)
    FrameHandler(frames.append).emit(logging.LogRecord("x", 10, "", 1, message, None, None))
    return [frame.message for frame in frames if isinstance(frame, LogFrame)]


def test_a_password_that_is_kept_secret_is_blotted_out_as_it_is_and_as_in_a_url(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "_secrets", set())
    logs.keep_secret("p@ss:/w#rd")
    logs.keep_secret("x")  # too short to be looked for
    logs.keep_secret("")
    text = "at postgresql://me:p%40ss%3A%2Fw%23rd@db/x with 'p@ss:/w#rd': xyz"
    assert said(text) == ["at postgresql://me:***@db/x with '***': xyz"]


def test_what_ml_metadata_says_of_its_connection_is_not_said() -> None:
    assert said('ConnectionConfig: mysql { password: "hunter2" }') == []
