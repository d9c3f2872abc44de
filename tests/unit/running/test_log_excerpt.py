from pathlib import Path

from headrace.running.record import last_lines

LOG = """\
2026-11-26 00:23:06 INFO reads 3 files
2026-11-26 00:23:07 INFO Traceback (most recent call last):
  File "beam/impl.py", line 449, in process
ValueError: wrapped
2026-11-26 00:23:08 WARNING two lines
of one record
2026-11-26 00:23:09 ERROR Worker: message: "Traceback (most recent call last): File"
2026-11-26 00:23:10 ERROR Traceback (most recent call last):
  File "user.py", line 3, in run_fn
ValueError: no
"""


def test_the_excerpt_of_a_log_has_no_traceback(tmp_path: Path) -> None:
    log = tmp_path / "Transform.log"
    log.write_text(LOG)
    assert last_lines(log, 10) == [
        "2026-11-26 00:23:06 INFO reads 3 files",
        "2026-11-26 00:23:08 WARNING two lines",
        "of one record",
    ]
    assert last_lines(log, 1) == ["of one record"]


def test_a_log_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "none.log", 10) == []
