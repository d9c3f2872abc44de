"""A store in a file, with executions of processes that live, have ended, or run elsewhere."""

import errno
import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2 as pb

from headrace.errors import UsageError
from headrace.keeping.owner import DIRECTORY, PROCESS, Owner
from headrace.keeping.repairs import OpenExecution, RepairRequest
from headrace.services.identity import ProcessIdentity
from headrace.settings import MetadataUrl, parse_metadata_url
from headrace.store import leavings
from headrace.store.closing import close_dead
from headrace.store.opening import open_to_write


@pytest.fixture(scope="module")
def dead() -> Owner:
    process = subprocess.Popen(["sleep", "60"])
    identity = ProcessIdentity.of(process.pid)
    process.kill()
    process.wait()
    return replace(Owner.this_process(), process=identity)


class Place:
    """A store and a node's directory."""

    def __init__(self, place: Path) -> None:
        self.node = place / "root" / "Node"
        self.url: MetadataUrl = parse_metadata_url(f"sqlite:///{place / 'm.sqlite'}", place)
        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = str(place / "m.sqlite")
        config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self.store = mlmd.MetadataStore(config)
        self._made = 0
        self._kind = self.store.put_execution_type(pb.ExecutionType(name="Node"))

    def execution(self, owner: Owner | None, state: int = pb.Execution.RUNNING) -> int:
        self._made += 1
        made = pb.Execution(
            type_id=self._kind, last_known_state=state, name=f"execution-{self._made}"
        )
        made.custom_properties[DIRECTORY].string_value = str(self.node)
        if owner is not None:
            made.custom_properties[PROCESS].string_value = owner.to_text()
        [number] = self.store.put_executions([made])
        return int(number)

    def write(self, number: int) -> list[Path]:
        """What a node leaves that is killed."""
        files = [
            self.node / "model" / str(number) / "half.pb",
            self.node / ".system" / "executor_execution" / str(number) / ".temp" / "x",
            self.node / ".system" / "stateful_working_dir" / f"execution-{number}" / "x",
        ]
        for file in files:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("half")
        return files

    def repair(self, **request: list[int]) -> list[OpenExecution]:
        store = open_to_write(self.url)
        assert store is not None
        return close_dead(store, self.url, RepairRequest(**request))

    def state(self, number: int) -> str:
        [found] = self.store.get_executions_by_id([number])
        return str(pb.Execution.State.Name(found.last_known_state))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_what_a_dead_process_left_open_fails_and_its_files_go(place: Place, dead: Owner) -> None:
    number = place.execution(dead)
    files = place.write(number)
    kept = place.node / "model" / "999" / "whole.pb"
    kept.parent.mkdir()
    kept.write_text("whole")
    [closed] = place.repair()
    assert (closed.execution_id, closed.state) == (number, "FAILED")
    assert f"process {dead.process.pid} of {os.uname().nodename}" in closed.reason
    assert place.state(number) == "FAILED"
    [found] = place.store.get_executions_by_id([number])
    assert found.custom_properties["headrace_error"].string_value == closed.reason
    assert not any(file.exists() or file.parent.exists() for file in files)
    assert kept.read_text() == "whole"
    assert place.repair() == []


def test_one_that_was_told_to_end_is_cancelled(place: Place, dead: Owner) -> None:
    number = place.execution(dead)
    place.repair(cancelled=[dead.process.pid])
    assert place.state(number) == "CANCELED"


def test_the_living_the_unknown_and_those_of_other_hosts_are_left_alone(
    place: Place, dead: Owner
) -> None:
    owners = [Owner.this_process(), None, replace(dead, host="another")]
    numbers = [place.execution(owner) for owner in owners]
    files = [file for number in numbers for file in place.write(number)]
    assert [item.state for item in place.repair()] == ["", "", ""]
    assert {place.state(number) for number in numbers} == {"RUNNING"}
    assert all(file.exists() for file in files)


def test_what_has_ended_is_not_looked_at(place: Place, dead: Owner) -> None:
    number = place.execution(dead, pb.Execution.COMPLETE)
    [output, *_] = place.write(number)
    assert place.repair() == []
    assert output.exists()


def test_those_that_cannot_be_seen_are_closed_when_they_are_named(
    place: Place, dead: Owner
) -> None:
    unknown, away = place.execution(None), place.execution(replace(dead, host="another"))
    place.repair(executions=[unknown, away])
    assert (place.state(unknown), place.state(away)) == ("FAILED", "FAILED")


def test_one_that_lives_cannot_be_named_nor_one_that_is_not_open(place: Place, dead: Owner) -> None:
    alive, ended = place.execution(Owner.this_process()), place.execution(dead)
    place.repair()
    with pytest.raises(UsageError, match="alive"):
        place.repair(executions=[alive])
    with pytest.raises(UsageError, match=f"no open execution {ended}"):
        place.repair(executions=[ended])


def test_files_that_are_older_than_the_execution_are_another_stores(
    place: Place, dead: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leavings, "_CLOCK_SECONDS", 0)
    [output, *_] = place.write(1)
    time.sleep(0.01)  # a directory's time of change cannot be set, and the store has milliseconds
    number = place.execution(dead)
    assert number == 1
    place.repair()
    assert place.state(number) == "FAILED"
    assert output.exists()


def test_outputs_that_were_registered_are_abandoned(place: Place, dead: Owner) -> None:
    number = place.execution(dead)
    kind = place.store.put_artifact_type(pb.ArtifactType(name="Model"))
    [artifact] = place.store.put_artifacts(
        [pb.Artifact(type_id=kind, uri="/nowhere", state=pb.Artifact.PENDING)]
    )
    event = pb.Event(artifact_id=artifact, execution_id=number, type=pb.Event.PENDING_OUTPUT)
    place.store.put_events([event])
    place.repair()
    [found] = place.store.get_artifacts_by_id([artifact])
    assert found.state == pb.Artifact.ABANDONED


def test_what_a_node_has_set_aside_of_another_store_stays(place: Place, dead: Owner) -> None:
    number = place.execution(dead)
    [output, *_] = place.write(number)
    other = output.parent / "value.set-aside-123"
    other.write_text("another store's")
    place.repair()
    assert (output.exists(), other.exists()) == (False, True)


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> list[OSError]:
    """No file can be removed while there is an error here.

    A disk that is read-only for root too needs a mount, which not every machine allows; the fault
    campaign has one.
    """
    errors = [OSError(errno.EROFS, os.strerror(errno.EROFS))]
    remove = leavings.remove_output

    def attempt(place: Path) -> bool:
        if errors:
            raise errors[0]
        return remove(place)

    monkeypatch.setattr(leavings, "remove_output", attempt)
    return errors


def test_what_cannot_be_removed_keeps_nothing_open_and_goes_with_a_later_repair(
    place: Place, dead: Owner, stuck: list[OSError]
) -> None:
    first, second = place.execution(dead), place.execution(dead)
    files = [file for number in (first, second) for file in place.write(number)]
    assert [item.state for item in place.repair()] == ["FAILED", "FAILED"]
    assert all(file.exists() for file in files)
    [again, _] = place.repair()
    assert (again.execution_id, again.state, again.removed) == (first, "FAILED", [])
    assert again.reason.endswith("cannot be removed: Read-only file system")
    stuck.clear()
    assert [len(item.removed) for item in place.repair()] == [3, 3]
    assert not any(file.exists() for file in files)
    assert place.repair() == []
    assert (place.state(first), place.state(second)) == ("FAILED", "FAILED")


def test_what_another_try_has_taken_up_is_not_cleared(
    place: Place, dead: Owner, stuck: list[OSError]
) -> None:
    number = place.execution(dead)
    place.write(number)
    place.repair()
    stuck.clear()
    [taken] = place.store.get_executions_by_id([number])
    taken.last_known_state = pb.Execution.RUNNING
    taken.custom_properties[PROCESS].string_value = Owner.this_process().to_text()
    place.store.put_executions([taken])
    files = place.write(number)
    assert [item.state for item in place.repair()] == [""]
    assert all(file.exists() for file in files)
