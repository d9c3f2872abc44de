from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.launcher import lines
from headrace.launcher.lines import LONGEST_LINE, LineSplitter, level_of, log_frame


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("I0000 00:00:1795464080.1 12 cpu_feature_guard.cc:227] built", "INFO"),
        ("W0000 00:00:1795464080.1 12 gpu.cc:1] no GPU", "WARNING"),
        ("E1123 19:04:05.123456 12 x.cc:9] broken", "ERROR"),
        ("2026-11-23 19:04:05.123456: W tensorflow/core/x.cc:1] slow", "WARNING"),
        ("2026-11-23 19:04:05.123456: F tensorflow/core/x.cc:1] dead", "CRITICAL"),
        ("WARNING:absl:told", "WARNING"),
        ("ERROR:root:told", "ERROR"),
        ("Epoch 1/10", "INFO"),
        ("WARNING, she said", "INFO"),
        ("", "INFO"),
    ],
)
def test_the_level_that_a_line_names(line: str, level: str) -> None:
    assert level_of(line) == level


@pytest.mark.parametrize(("has_driver", "level"), [(False, "INFO"), (True, "ERROR")])
def test_that_there_is_no_gpu_is_no_error_where_there_cannot_be_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_driver: bool, level: str
) -> None:
    driver = tmp_path / "nvidiactl"
    if has_driver:
        driver.touch()
    monkeypatch.setattr(lines, "_NVIDIA_DRIVER", driver)
    line = "E0000 00:00:1795667731.319200 17151 cuda.cc:52] failed call to cuInit: X"
    assert level_of(line) == level


def test_of_a_progress_bar_the_last_state_is_kept() -> None:
    frame = log_frame(b"1/7\r2/7\r7/7 - loss: 0.1", 0.0)
    assert frame is not None
    assert frame.message == "7/7 - loss: 0.1"


def test_blank_lines_are_dropped_and_long_ones_cut() -> None:
    assert log_frame(b"  \r\n", 0.0) is None
    frame = log_frame(b"x" * (LONGEST_LINE + 5), 0.0)
    assert frame is not None
    assert frame.message.endswith("(5 characters cut off)")


@given(st.lists(st.binary(max_size=20), max_size=10), st.integers(1, 7))
def test_lines_are_whole_however_they_arrive(lines: list[bytes], size: int) -> None:
    lines = [line.replace(b"\n", b"") for line in lines]
    data = b"".join(line + b"\n" for line in lines) + b"rest"
    splitter, found = LineSplitter(), []
    for start in range(0, len(data), size):
        found += splitter.feed(data[start : start + size])
    assert found == lines
    assert splitter.finish() == [b"rest"]
    assert splitter.finish() == []
