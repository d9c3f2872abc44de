import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from headrace.keeping import owner as owners
from headrace.keeping.owner import Owner, Whereabouts
from headrace.services.identity import ProcessIdentity


@pytest.fixture
def here() -> Owner:
    return Owner.this_process()


def gone(here: Owner) -> Owner:
    process = subprocess.Popen(["sleep", "60"])
    identity = ProcessIdentity.of(process.pid)
    process.kill()
    process.wait()
    return replace(here, process=identity)


def test_it_is_the_same_after_it_was_kept(here: Owner) -> None:
    assert Owner.from_text(here.to_text()) == here


@pytest.mark.parametrize("text", ["", "cli", "{}", "[1]", '{"host": "a", "process": {"pid": 1}}'])
def test_what_is_no_owner_is_none(text: str) -> None:
    assert Owner.from_text(text) is None


def test_this_process_lives_and_one_that_has_ended_is_dead(here: Owner) -> None:
    assert here.whereabouts(time.time()) is Whereabouts.ALIVE
    assert gone(here).whereabouts(time.time()) is Whereabouts.DEAD


def test_a_pid_that_another_process_has_now_is_dead(here: Owner) -> None:
    reused = replace(here, process=replace(here.process, started=here.process.started - 5))
    assert reused.whereabouts(time.time()) is Whereabouts.DEAD


@pytest.mark.parametrize("field", ["host", "machine", "namespace"])
def test_what_ran_elsewhere_cannot_be_told(here: Owner, field: str) -> None:
    away = replace(gone(here), **{field: "another"})
    assert away.whereabouts(time.time()) is Whereabouts.ELSEWHERE


class TestBeforeTheMachineWasStarted:
    @pytest.fixture
    def old(self, here: Owner, monkeypatch: pytest.MonkeyPatch) -> Owner:
        monkeypatch.setattr(owners, "_machine", lambda: "m")
        return replace(
            here, machine="m", process=ProcessIdentity(os.getpid(), 3.0, "an earlier start")
        )

    def test_it_is_dead(self, old: Owner) -> None:
        assert old.whereabouts(psutil.boot_time() - 60) is Whereabouts.DEAD

    def test_one_that_was_seen_after_it_ran_on_another_of_that_name(self, old: Owner) -> None:
        assert old.whereabouts(psutil.boot_time() + 60) is Whereabouts.ELSEWHERE

    def test_a_machine_without_an_id_may_be_another(
        self, old: Owner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(owners, "_machine", lambda: "")
        nameless = replace(old, machine="")
        assert nameless.whereabouts(psutil.boot_time() - 60) is Whereabouts.ELSEWHERE


def test_the_machines_id_is_not_given_away(here: Owner) -> None:
    file = Path("/etc/machine-id")
    if not file.is_file() or not file.read_text().strip():
        pytest.skip("this machine has no id")
    assert file.read_text().strip() not in here.to_text()
