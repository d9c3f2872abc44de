from pathlib import Path

import pytest

from headrace.services import logs
from headrace.services.logs import limit_size, tail

TRACE = """\
starting
ERROR it broke
java.lang.IllegalStateException: outer
\tat org.apache.flink.A.b(A.java:1) ~[flink-dist-1.19.3.jar:1.19.3]
\tat java.util.concurrent.ForkJoinPool$WorkQueue.topLevelExec(ForkJoinPool.java:1182) ~[?:?]
Caused by: java.lang.IllegalArgumentException: the reason
\tat org.apache.flink.C.<init>(C.java:2)
\t... 15 more
"""


def test_the_end_of_a_log_is_shown_with_where_the_rest_is(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert tail(log, lines=2) == f"line 98\nline 99\n(the end of {log})"
    assert tail(tmp_path / "none") == f"(no log at {tmp_path / 'none'})"


def test_a_java_trace_shows_its_reasons_without_its_frames(tmp_path: Path) -> None:
    log = tmp_path / "jobmanager.log"
    log.write_text(TRACE)
    assert tail(log, lines=2).splitlines()[:2] == [
        "java.lang.IllegalStateException: outer",
        "Caused by: java.lang.IllegalArgumentException: the reason",
    ]


def test_a_large_log_makes_room_for_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_LARGE_BYTES", 10)
    log = tmp_path / "a.log"
    limit_size(log)
    log.write_text("short")
    limit_size(log)
    assert log.read_text() == "short"
    log.write_text("longer than that")
    limit_size(log)
    assert not log.exists()
    assert (tmp_path / "a.log.1").read_text() == "longer than that"
