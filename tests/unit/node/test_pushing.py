"""TFX's own Pusher, mended, on models of files."""

from pathlib import Path

import pytest
from tfx.components.pusher.executor import Executor
from tfx.proto import pusher_pb2
from tfx.types import standard_artifacts
from tfx.utils import proto_utils

from headrace.node.pushing import local_directory, mend_pusher, why_older
from headrace.node.serving_directory import ServingDirectory
from tests.mlmd_in_memory import Store


def destination(base: str) -> str:
    filesystem = pusher_pb2.PushDestination.Filesystem(base_directory=base)
    return proto_utils.proto_to_json(pusher_pb2.PushDestination(filesystem=filesystem))


class Pushes:
    def __init__(self, place: Path) -> None:
        self.place, self.serving = place, place / "serving"

    def push(
        self, word: str, blessed: int = 1, custom_config: str = "null"
    ) -> standard_artifacts.PushedModel:
        model = standard_artifacts.Model()
        model.uri = str(self.place / word)
        folder = Path(model.uri, "Format-Serving")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "saved_model.pb").write_text(word)
        (folder / "weights").write_text(word)
        blessing = standard_artifacts.ModelBlessing()
        blessing.set_int_custom_property("blessed", blessed)
        pushed = standard_artifacts.PushedModel()
        pushed.uri = str(self.place / f"pushed-{word}")
        Executor().Do(
            {"model": [model], "model_blessing": [blessing]},
            {"pushed_model": [pushed]},
            {
                "push_destination": destination(str(self.serving)),
                "custom_config": custom_config,
            },
        )
        return pushed


@pytest.fixture
def pushes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pushes:
    monkeypatch.setattr(Executor, "Do", Executor.Do)  # put back after the test
    mend_pusher()
    mend_pusher()
    return Pushes(tmp_path)


def test_a_push_is_where_and_what_tfx_makes_it(pushes: Pushes) -> None:
    pushed = pushes.push("a")
    [version] = ServingDirectory(pushes.serving).versions()
    place = pushes.serving / str(version)
    assert {item.name: item.read_text() for item in place.iterdir()} == {
        "saved_model.pb": "a",
        "weights": "a",
    }
    assert pushed.get_int_custom_property("pushed") == 1
    assert pushed.get_string_custom_property("pushed_destination") == str(place)
    assert pushed.get_string_custom_property("pushed_version") == str(version)
    assert Path(pushed.uri, "weights").read_text() == "a"


def test_two_pushes_within_a_second_are_two_versions(pushes: Pushes) -> None:
    pushes.push("a")
    pushes.push("b")
    versions = ServingDirectory(pushes.serving).versions()
    served = [(pushes.serving / str(item) / "weights").read_text() for item in versions]
    assert served == ["a", "b"]


def test_a_model_that_is_not_blessed_makes_no_directory(pushes: Pushes) -> None:
    pushed = pushes.push("a", blessed=0)
    assert pushed.get_int_custom_property("pushed") == 0
    assert not pushes.serving.exists()


@pytest.mark.parametrize(
    ("base", "found"),
    [
        ("/srv/models", Path("/srv/models")),
        ("file:///srv/models", Path("/srv/models")),
        ("gs://bucket/models", None),
    ],
)
def test_only_a_directory_of_the_file_system_is_renamed_in(base: str, found: Path | None) -> None:
    assert local_directory(destination(base)) == found
    assert local_directory(None) is None


def test_a_model_that_is_not_to_be_pushed_says_why_unless_its_pusher_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A node that ran in this process has mended it already.
    monkeypatch.setattr(Executor, "Do", getattr(Executor.Do, "__wrapped__", Executor.Do))
    mend_pusher(lambda model: "it is older")
    pushes = Pushes(tmp_path)
    pushed = pushes.push("a")
    assert pushed.get_int_custom_property("pushed") == 0
    assert pushed.get_string_custom_property("not_pushed_because") == "it is older"
    assert ServingDirectory(pushes.serving).versions() == []
    forced = pushes.push("a", custom_config='{"push_older_spans": true}')
    assert forced.get_int_custom_property("pushed") == 1


def test_a_model_of_an_older_span_than_the_live_one_is_told_by_both_dates() -> None:
    mlmd = Store()
    assert why_older(mlmd.store, "daily", mlmd.day(15711)[1]) == ""  # none is live yet
    _, live = mlmd.day(15712, pushed=1)
    _, older = mlmd.day(15710)
    assert why_older(mlmd.store, "daily", older).startswith(
        f"model {older} was trained on spans up to 15710 (2013-01-05), and model {live}, which is "
        "live, up to 15712 (2013-01-07); "
    )
    assert why_older(mlmd.store, "daily", mlmd.day(15712)[1]) == ""
    assert why_older(mlmd.store, "other", older) == ""
    [without] = mlmd.execution("Trainer", {}, {"model": "Model"})
    assert why_older(mlmd.store, "daily", without) == ""


def test_after_a_rollback_the_older_model_is_the_live_one() -> None:
    mlmd = Store()
    _, old = mlmd.day(15710, pushed=1)
    mlmd.day(15712, pushed=1)
    mlmd.execution("rollback", {"model": [old]}, {"pushed_model": "PushedModel"}, {"pushed": 1})
    assert why_older(mlmd.store, "daily", mlmd.day(15711)[1]) == ""
