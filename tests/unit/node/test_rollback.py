"""Rollbacks over a real metadata store, with models of one file."""

from pathlib import Path
from typing import Any

import pytest
from ml_metadata.proto import metadata_store_pb2 as pb
from tfx.components.pusher.executor import Executor
from tfx.types import standard_artifacts

from headrace.errors import HeadraceError, UsageError
from headrace.launcher.jobs import RollbackRequest, RollbackResult
from headrace.node.metadata import open_metadata
from headrace.node.rollback import roll_back

BIRDS = "birds"


class Store:
    def __init__(self, place: Path) -> None:
        self.place, self.serving = place, place / "serving"
        self.url = f"sqlite:///{place / 'metadata.sqlite'}"

    def push(self, word: str, version: int, pushed: int = 1, model: Any = None) -> Any:
        """As a run of a pipeline has pushed it; returns the model."""
        with open_metadata(self.url, Path()) as handle:
            store = handle.store
            kind = store.put_execution_type(pb.ExecutionType(name="Pusher"))
            context_type = store.put_context_type(pb.ContextType(name="pipeline"))
            context = store.get_context_by_type_and_name("pipeline", BIRDS)
            if context is None:
                context = pb.Context(type_id=context_type, name=BIRDS)
                [context.id] = store.put_contexts([context])
            if model is None:
                model = standard_artifacts.Model()
                model.uri = str(self.place / "models" / word)
                model.type_id = store.put_artifact_type(model.artifact_type)
                folder = Path(model.uri, "Format-Serving")
                folder.mkdir(parents=True)
                (folder / "saved_model.pb").write_text(word)
            push = standard_artifacts.PushedModel()
            push.uri = str(self.place / "pushed" / f"{word}-{version}")
            push.type_id = store.put_artifact_type(push.artifact_type)
            push.set_int_custom_property("pushed", pushed)
            push.set_string_custom_property("pushed_destination", f"{self.serving}/{version}")
            events = [(model.mlmd_artifact, _event(pb.Event.INPUT, "model"))]
            events.append((push.mlmd_artifact, _event(pb.Event.OUTPUT, "pushed_model")))
            _, [model.id, _], _ = store.put_execution(pb.Execution(type_id=kind), events, [context])
        return model

    def roll_back(self, model: int = 0, pipeline: str = BIRDS) -> RollbackResult | None:
        return roll_back(RollbackRequest(pipeline, self.url, model, owner="rollback:me@here"))

    def executions(self) -> list[Any]:
        with open_metadata(self.url, Path()) as handle:
            return list(handle.store.get_executions_by_type("headrace.rollback"))


def _event(kind: Any, key: str) -> Any:
    event = pb.Event(type=kind)
    event.path.steps.add().key = key
    return event


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(Executor, "Do", Executor.Do)  # put back after the test
    return Store(tmp_path)


def test_the_model_before_the_live_one_becomes_the_newest_version(store: Store) -> None:
    one, two = store.push("one", 1), store.push("two", 2)
    done = store.roll_back()
    assert done is not None
    assert (done.model, done.instead_of, done.model_uri) == (one.id, two.id, one.uri)
    assert Path(done.destination).parent == store.serving
    assert Path(done.destination, "saved_model.pb").read_text() == "one"
    assert done.asset == {
        "pushed": True,
        "uri": done.destination,
        "version": done.version,
        "model_uri": one.uri,
        "model_id": one.id,
    }


def test_it_is_an_execution_with_its_inputs_output_and_owner(store: Store) -> None:
    one = store.push("one", 1)
    store.push("two", 2)
    done = store.roll_back()
    assert done is not None
    [execution] = store.executions()
    assert execution.id == done.execution_id
    assert execution.last_known_state == pb.Execution.COMPLETE
    assert execution.custom_properties["headrace_owner"].string_value == "rollback:me@here"
    with open_metadata(store.url, Path()) as handle:
        events = handle.store.get_events_by_execution_ids([execution.id])
        contexts = handle.store.get_contexts_by_execution(execution.id)
    assert {(event.artifact_id, event.path.steps[0].key) for event in events} == {
        (one.id, "model"),
        (done.pushed_model, "pushed_model"),
    }
    assert {(item.type, item.name) for item in contexts} == {
        ("pipeline", BIRDS),
        ("pipeline_run", done.run_id),
        ("node", f"{BIRDS}.rollback"),
    }


def test_a_second_rollback_goes_one_further_back_and_a_third_is_refused(store: Store) -> None:
    models = [store.push(word, number) for number, word in enumerate(("one", "two", "three"))]
    assert [getattr(store.roll_back(), "model", 0) for _ in range(2)] == [
        models[1].id,
        models[0].id,
    ]
    with pytest.raises(UsageError, match="has pushed no model before the live one"):
        store.roll_back()
    assert len(store.executions()) == 2


def test_any_model_that_was_pushed_can_be_named_a_newer_one_too(store: Store) -> None:
    one, two = store.push("one", 1), store.push("two", 2)
    store.roll_back()
    done = store.roll_back(two.id)
    assert done is not None
    assert (done.model, done.instead_of) == (two.id, one.id)


def test_a_model_that_was_not_pushed_is_passed_over(store: Store) -> None:
    one = store.push("one", 1)
    store.push("bad", 2, pushed=0)
    store.push("three", 3)
    done = store.roll_back()
    assert done is not None
    assert done.model == one.id


def test_a_model_that_was_pushed_twice_is_not_before_itself(store: Store) -> None:
    one = store.push("one", 1)
    store.push("one", 2, model=one)
    with pytest.raises(UsageError, match="no model before the live one"):
        store.roll_back()


def test_an_unknown_model_and_the_live_one_are_refused_by_name(store: Store) -> None:
    one = store.push("one", 1)
    with pytest.raises(UsageError, match=f"never pushed a model 99\n  it has pushed {one.id}"):
        store.roll_back(99)
    with pytest.raises(UsageError, match=f"model {one.id} of pipeline birds is live already"):
        store.roll_back(one.id)


def test_a_pipeline_that_has_pushed_nothing_is_of_another_store(store: Store) -> None:
    store.push("bad", 1, pushed=0)
    assert store.roll_back() is None
    assert store.roll_back(pipeline="fish") is None


def test_files_that_are_gone_are_told_and_nothing_is_registered(store: Store) -> None:
    one = store.push("one", 1)
    store.push("two", 2)
    Path(one.uri, "Format-Serving", "saved_model.pb").unlink()
    Path(one.uri, "Format-Serving").rmdir()
    with pytest.raises(HeadraceError, match=f"model {one.id} cannot be pushed again: its files"):
        store.roll_back()
    assert not store.serving.exists()


def test_a_rollback_that_fails_is_a_failed_execution(store: Store) -> None:
    store.push("one", 1)
    store.push("two", 2)
    store.serving.write_text("no directory")
    with pytest.raises(HeadraceError, match="cannot be pushed to"):
        store.roll_back()
    [execution] = store.executions()
    assert execution.last_known_state == pb.Execution.FAILED
    assert "cannot be pushed to" in execution.custom_properties["headrace_error"].string_value
