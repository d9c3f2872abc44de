import os
from pathlib import Path

import pytest

from headrace.services.identity import ProcessIdentity
from headrace.services.state import ComponentState, Phase, ServiceState, read_state, write_state


def test_the_state_is_read_as_it_was_written_and_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "run" / "airflow.json"
    state = ServiceState(
        ProcessIdentity.of(os.getpid()),
        8080,
        Phase.RUNNING,
        components={"scheduler": ComponentState(ProcessIdentity(2, 3.5), 1, "ended with 1")},
    )
    write_state(path, state)
    assert read_state(path) == state
    assert state.is_alive
    assert state.url == "http://127.0.0.1:8080"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"supervisor": 1}', '{"phase": "x"}'])
def test_a_state_that_makes_no_sense_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "airflow.json"
    path.write_text(text)
    assert read_state(path) is None
    assert read_state(tmp_path / "missing") is None
