"""The strategies over a real metadata store, in memory."""

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2 as pb
from tfx.types import standard_artifacts

from headrace.components.retrain_gate.live_model import LiveModelBefore, LiveModelStrategy
from headrace.errors import UsageError
from tests.mlmd_in_memory import Store as Daily

Model = standard_artifacts.Model


class Store:
    """Runs of a pipeline, with one execution for each set of outputs."""

    def __init__(self):
        config = pb.ConnectionConfig()
        config.fake_database.SetInParent()
        self.store = mlmd.MetadataStore(config)
        self._run_type = self.store.put_context_type(pb.ContextType(name="pipeline_run"))
        self._node_type = self.store.put_execution_type(pb.ExecutionType(name="node"))

    def run(self, name):
        context = pb.Context(type_id=self._run_type, name=name)
        [context.id] = self.store.put_contexts([context])
        return context

    def made(self, run, kind, read=(), cached=None, **properties):
        """An artifact that an execution of the run has put out; ``cached`` is one of another."""
        execution = pb.Execution(type_id=self._node_type)
        artifact = cached or kind()
        for name, value in properties.items():
            artifact.set_int_custom_property(name, value)
        if cached is None:
            artifact.type_id = self.store.put_artifact_type(artifact.artifact_type)
        events = [(item.mlmd_artifact, pb.Event(type=pb.Event.INPUT)) for item in read]
        events.append((artifact.mlmd_artifact, pb.Event(type=pb.Event.OUTPUT)))
        _, artifacts, _ = self.store.put_execution(execution, events, [run])
        artifact.id = artifacts[-1]
        return artifact

    def resolve(self, **channels):
        return LiveModelStrategy().resolve_artifacts(self.store, channels)


@pytest.fixture
def store():
    return Store()


def pushed(store, run, model, done=1):
    return store.made(run, standard_artifacts.PushedModel, [model], pushed=done)


def blessed(store, run, model, good=1):
    return store.made(
        run, standard_artifacts.ModelBlessing, [model], blessed=good, current_model_id=model.id
    )


def test_the_live_model_is_the_one_pushed_last(store):
    run = store.run("r")
    one, two, three = (store.made(run, Model) for _ in range(3))
    pushes = [pushed(store, run, one), pushed(store, run, two), pushed(store, run, three, 0)]
    found = store.resolve(model=[one, two, three], pushed_model=pushes)
    assert found == {"model": [two], "pushed_model": [pushes[1]]}


def test_after_a_rollback_it_is_the_older_one(store):
    run = store.run("r")
    one, two = store.made(run, Model), store.made(run, Model)
    pushes = [pushed(store, run, model) for model in (one, two, one)]
    assert store.resolve(model=[one, two], pushed_model=pushes)["model"] == [one]


def test_without_pushes_it_is_the_latest_blessed_one(store):
    run = store.run("r")
    one, two, three = (store.made(run, Model) for _ in range(3))
    blessings = [blessed(store, run, two), blessed(store, run, one), blessed(store, run, three, 0)]
    found = store.resolve(model=[one, two, three], model_blessing=blessings)
    assert found == {"model": [two], "model_blessing": [blessings[0]]}


@pytest.mark.parametrize("models", [0, 1])
def test_there_is_none_before_a_model_was_pushed(store, models):
    run = store.run("r")
    made = [store.made(run, Model) for _ in range(models)]
    assert store.resolve(model=made, pushed_model=[]) is None


def test_statistics_are_those_of_the_run_that_trained_it(store):
    first, second = store.run("first"), store.run("second")
    kind = standard_artifacts.ExampleStatistics
    then = store.made(first, kind)
    model = store.made(first, Model)
    push = pushed(store, first, model)
    now = store.made(second, kind)
    found = store.resolve(model=[model], pushed_model=[push], statistics=[then, now])
    assert found["statistics"] == [then]


def test_statistics_from_the_cache_belong_to_the_run_too(store):
    before, run = store.run("before"), store.run("run")
    kind = standard_artifacts.ExampleStatistics
    made = store.made(before, kind)
    store.made(run, kind, cached=made)
    model = store.made(run, Model)
    push = pushed(store, run, model)
    found = store.resolve(model=[model], pushed_model=[push], statistics=[made])
    assert found["statistics"] == [made]


def test_a_model_from_the_cache_is_of_the_run_that_trained_it(store):
    first, second = store.run("first"), store.run("second")
    kind = standard_artifacts.ExampleStatistics
    then, model = store.made(first, kind), store.made(first, Model)
    now = store.made(second, kind)
    store.made(second, Model, cached=model)
    push = pushed(store, second, model)
    found = store.resolve(model=[model], pushed_model=[push], statistics=[then, now])
    assert found["statistics"] == [then]


def test_of_two_evaluations_in_the_run_it_is_the_models_own(store):
    run = store.run("r")
    old, new = store.made(run, Model), store.made(run, Model)
    kind = standard_artifacts.ModelEvaluation
    own = store.made(run, kind, [new])
    of_the_old = store.made(run, kind, [old])
    push = pushed(store, run, new)
    found = store.resolve(model=[old, new], pushed_model=[push], evaluation=[own, of_the_old])
    assert found["evaluation"] == [own]


def test_what_the_run_has_not_made_is_empty(store):
    run = store.run("r")
    model = store.made(run, Model)
    found = store.resolve(model=[model], pushed_model=[pushed(store, run, model)], evaluation=[])
    assert found["evaluation"] == []


def test_two_channels_of_models_are_refused(store):
    run = store.run("r")
    with pytest.raises(UsageError, match="model and other are both of type Model"):
        store.resolve(model=[store.made(run, Model)], other=[store.made(run, Model)])


def before(daily, examples):
    """The live model of a run of these examples."""
    pushes = daily.artifacts("PushedModel")
    found = LiveModelBefore().resolve_artifacts(
        daily.store,
        {
            "examples": [daily.artifact(examples)],
            "model": daily.artifacts("Model"),
            "pushed_model": pushes,
        },
    )
    return None if found is None else found["model"][0].id


def test_a_day_that_is_run_again_has_the_live_model_that_it_had():
    daily = Daily()
    first_day, first = daily.day(10, pushed=1)
    second_day, _ = daily.day(11)
    third_day, third = daily.day(12, pushed=1)
    fourth_day, _ = daily.day(13)
    found = [before(daily, examples) for examples in (first_day, second_day, third_day, fourth_day)]
    assert found == [None, first, first, third]


def test_a_rollback_counts_for_the_days_after_it():
    daily = Daily()
    _, first = daily.day(10, pushed=1)
    daily.day(11, pushed=1)
    daily.execution("rollback", {"model": [first]}, {"pushed": "PushedModel"}, {"pushed": 1})
    examples, _ = daily.day(12)
    assert before(daily, examples) == first
