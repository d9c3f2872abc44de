"""Files that go, and files that stay, with a store in a file."""

import os
from dataclasses import asdict
from pathlib import Path

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2 as pb

from headrace.keeping.collecting import Policy
from headrace.keeping.garbage import Collected, CollectRequest
from headrace.store.collection import collect

ALL = Policy(older_than=0, keep=0)


class Place:
    """A store, and artifacts of one node with their files."""

    def __init__(self, place: Path) -> None:
        self.root = place / "root"
        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = str(place / "m.sqlite")
        config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self.store = mlmd.MetadataStore(config)

    def made(self, kind: str = "Examples", **properties: int) -> tuple[int, Path]:
        """An artifact's id, and its directory with ten bytes in it."""
        contexts = [
            pb.Context(type_id=self.store.put_context_type(pb.ContextType(name=name)), name=value)
            for name, value in (("pipeline", "p"), ("pipeline_run", "r"), ("node", "p.Node"))
        ]
        execution = pb.Execution(
            type_id=self.store.put_execution_type(pb.ExecutionType(name="Node")),
            last_known_state=pb.Execution.COMPLETE,
        )
        number, _, _ = self.store.put_execution(
            execution, [], contexts, reuse_context_if_already_exist=True
        )
        directory = self.root / "Node" / "out" / str(number)
        directory.mkdir(parents=True)
        (directory / "data").write_text("ten bytes.")
        artifact = pb.Artifact(
            type_id=self.store.put_artifact_type(pb.ArtifactType(name=kind)),
            uri=str(directory),
            state=pb.Artifact.LIVE,
        )
        for name, value in properties.items():
            artifact.custom_properties[name].int_value = value
        [made] = self.store.put_artifacts([artifact])
        event = pb.Event(artifact_id=made, execution_id=number, type=pb.Event.OUTPUT)
        event.path.steps.add().key = "out"
        self.store.put_events([event])
        return made, directory

    def collect(self, *, delete: bool) -> Collected:
        return collect(self.store, "here", CollectRequest(asdict(ALL), delete))

    def state(self, number: int) -> str:
        [found] = self.store.get_artifacts_by_id([number])
        return str(pb.Artifact.State.Name(found.state))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_telling_changes_nothing(place: Place) -> None:
    number, directory = place.made()
    done = place.collect(delete=False)
    assert done.by_pipeline() == {"p": (1, 10)}
    assert (place.state(number), (directory / "data").read_text()) == ("LIVE", "ten bytes.")


def test_what_goes_is_deleted_in_the_store_and_on_disk(place: Place) -> None:
    number, directory = place.made()
    [done] = place.collect(delete=True).artifacts
    assert (done.id, done.run_id, done.node_id, done.error) == (number, "r", "Node", "")
    assert (place.state(number), directory.exists()) == ("DELETED", False)
    assert place.collect(delete=True).artifacts == []


@pytest.mark.parametrize(
    ("kind", "says"), [("ModelBlessing", "blessed"), ("PushedModel", "pushed")]
)
def test_what_says_that_a_model_is_good_stays_and_what_says_it_is_not_goes(
    place: Place, kind: str, says: str
) -> None:
    good, kept = place.made(kind, **{says: 1})
    bad, lost = place.made(kind, **{says: 0})
    place.collect(delete=True)
    assert (place.state(good), kept.exists()) == ("LIVE", True)
    assert (place.state(bad), lost.exists()) == ("DELETED", False)


def test_files_that_another_store_has_put_there_since_stay(place: Place) -> None:
    number, directory = place.made()
    later = directory.stat().st_mtime + 3600
    os.utime(directory, (later, later))
    done = place.collect(delete=True)
    assert (done.artifacts, done.foreign) == ([], 1)
    assert (place.state(number), directory.exists()) == ("LIVE", True)


def test_what_cannot_be_removed_stays_marked_and_is_told(place: Place) -> None:
    number, directory = place.made()
    (directory / "data").unlink()
    directory.rmdir()
    directory.write_text("a file in a directory's place")
    [told] = place.collect(delete=True).artifacts
    assert str(directory) in told.error
    assert place.state(number) == "MARKED_FOR_DELETION"
    directory.unlink()
    assert place.collect(delete=True).artifacts[0].error == ""
    assert place.state(number) == "DELETED"


def test_what_a_node_has_set_aside_of_another_store_stays(place: Place) -> None:
    number, directory = place.made()
    other = directory / "value.set-aside-123"
    other.write_text("another store's")
    [done] = place.collect(delete=True).artifacts
    assert (done.bytes, done.error, place.state(number)) == (10, "", "DELETED")
    assert [item.name for item in directory.iterdir()] == [other.name]
