from pathlib import Path
from typing import Any

import pytest

from headrace.services import readiness
from headrace.services.readiness import dag_files, parsed_files, wait_for_dags
from headrace.services.rest import AirflowUnreachable

SINCE = 1_700_000_000.0
BEFORE = "2023-11-14T22:13:19Z"
AFTER = "2023-11-14T22:13:21.5+00:00"


def dag(file: Path, parsed: str | None) -> dict[str, Any]:
    return {"dag_id": file.stem, "fileloc": str(file), "last_parsed_time": parsed}


def test_only_files_that_may_define_a_dag_are_waited_for(tmp_path: Path) -> None:
    nested = tmp_path / "team" / "one.py"
    nested.parent.mkdir()
    nested.write_text("from headrace.airflow import pipeline_dag")
    (tmp_path / "helpers.py").write_text("COLUMNS = ['a']")
    (tmp_path / "notes.txt").write_text("an airflow dag")
    assert dag_files(tmp_path) == {nested}
    assert dag_files(tmp_path / "missing") == frozenset()


def test_a_dag_counts_when_it_was_parsed_since_the_start(tmp_path: Path) -> None:
    old, new, never = (tmp_path / f"{name}.py" for name in ("old", "new", "never"))
    dags = [dag(old, BEFORE), dag(new, AFTER), dag(never, None)]
    assert parsed_files(dags, [], tmp_path, SINCE) == {new}


def test_an_import_error_counts_too(tmp_path: Path) -> None:
    errors = [
        {"filename": "broken.py", "timestamp": AFTER},
        {"filename": str(tmp_path / "other.py"), "timestamp": AFTER},
        {"filename": "mended.py", "timestamp": BEFORE},
    ]
    found = parsed_files([], errors, tmp_path, SINCE)
    assert found == {tmp_path / "broken.py", tmp_path / "other.py"}


class Away:
    """An API that answers at its second call only."""

    def __init__(self, file: Path) -> None:
        self.calls, self.file = 0, file

    def dags(self) -> list[dict[str, Any]]:
        self.calls += 1
        if self.calls == 1:
            raise AirflowUnreachable("timed out")
        return [dag(self.file, AFTER)]

    def import_errors(self) -> list[dict[str, Any]]:
        return []


def test_an_api_server_that_is_slow_to_answer_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "one.py"
    file.write_text("from headrace.airflow import pipeline_dag")
    monkeypatch.setattr(readiness, "_POLL_SECONDS", 0)
    slow = Away(file)
    wait_for_dags(slow, tmp_path, SINCE, lambda _: None)
    assert slow.calls == 2
    monkeypatch.setattr(readiness, "_QUIET_SECONDS", -1)
    with pytest.raises(AirflowUnreachable):
        wait_for_dags(Away(file), tmp_path, SINCE, lambda _: None)
