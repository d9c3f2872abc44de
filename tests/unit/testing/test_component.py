from pathlib import Path

import ml_metadata as mlmd
import pytest
from tfx import v1 as tfx
from tfx.components.pusher.executor import Executor
from tfx.types import standard_artifacts

from headrace.errors import UsageError
from headrace.testing import examples_frame
from tests.unit.testing.counting import CountOnBeam, CountRows, JoinCounts

ROWS = [{"x": 1.0}, {"x": 2.0}]
MODULE = """
def run_fn(fn_args):
    import os
    os.makedirs(fn_args.serving_model_dir)
    with open(os.path.join(fn_args.serving_model_dir, "made_by"), "w") as file:
        file.write("{name}")
"""


def test_driver_executor_and_publisher_have_run(component, examples, workbench) -> None:
    result = component(CountRows, examples=examples(ROWS))
    assert result.state == "COMPLETE"
    assert result["count"].value == 2
    assert result["count"].type_name == "Integer"
    [kept] = workbench.store.get_artifacts_by_id([result["count"].id])
    assert kept.state == mlmd.proto.Artifact.LIVE
    assert result.execution.last_known_state == mlmd.proto.Execution.COMPLETE


def test_a_failure_is_the_components_own_and_is_kept(component, examples, workbench) -> None:
    with pytest.raises(ValueError, match="2 rows are fewer than 3"):
        component(CountRows, examples=examples(ROWS), least=3)
    [failed] = workbench.store.get_executions_by_type("tests.unit.testing.counting.CountRows")
    assert failed.last_known_state == mlmd.proto.Execution.FAILED


def test_what_one_component_puts_out_the_next_takes(component, examples) -> None:
    counts = [component(CountRows, examples=examples(ROWS[:n]))["count"] for n in (1, 2)]
    joined = component(JoinCounts, counts=counts)
    assert joined["text"].value == "1+2"
    assert [one.id for one in joined.inputs["counts"]] == [one.id for one in counts]


def test_an_execution_with_the_same_inputs_is_cached_where_that_is_asked_for(
    component, examples
) -> None:
    rows, cached = examples(ROWS), component.using(cache=True)
    first = cached(CountRows, examples=rows)
    assert not first.cached
    again = cached(CountRows, examples=rows)
    assert again.cached
    assert again["count"].id == first["count"].id
    assert not component(CountRows, examples=rows).cached


def test_runtime_parameters_have_values(component, examples) -> None:
    least = tfx.dsl.experimental.RuntimeParameter(name="least", ptype=int)
    rows = examples(ROWS)
    given = component.using(parameters={"least": 1})(CountRows, examples=rows, least=least)
    assert given["count"].value == 2
    with pytest.raises(ValueError, match="fewer than 7"):
        component.using(parameters={"least": 7})(CountRows, examples=rows, least=least)
    with pytest.raises(UsageError, match="'least' has no default and no value was given"):
        component(CountRows, examples=rows, least=least)


def test_a_resolver_finds_what_was_made_before(component, examples) -> None:
    component(CountRows, examples=examples(ROWS[:1]))
    newest = component(CountRows, examples=examples(ROWS))["count"]
    resolved = component(
        tfx.dsl.Resolver,
        strategy_class=tfx.dsl.experimental.LatestArtifactStrategy,
        count=tfx.dsl.Channel(type=standard_artifacts.Integer),
    )
    assert resolved["count"].id == newest.id


def test_each_pusher_asks_its_own_store(new_workbench, tmp_path: Path) -> None:
    stock = Executor.Do
    for bench in (new_workbench(), new_workbench()):
        folder = tfx.proto.PushDestination.Filesystem(base_directory=str(tmp_path / "serving"))
        pushed = bench.component(
            tfx.components.Pusher,
            model=bench.artifact(standard_artifacts.Model, {"Format-Serving/saved_model.pb": ""}),
            push_destination=tfx.proto.PushDestination(filesystem=folder),
        )
        assert pushed["pushed_model"].get_int_custom_property("pushed") == 1
        assert Executor.Do is stock


def test_a_beam_job_runs(component, examples) -> None:
    result = component(CountOnBeam, examples=examples(ROWS))
    assert Path(result["lines"].uri).read_text() == "2 rows\n"


def test_an_artifact_has_the_files_and_properties_that_it_is_given(artifact, component) -> None:
    made = artifact(standard_artifacts.Model, {"inner/file.txt": "text"}, version="3", step=7)
    assert Path(made.uri, "inner", "file.txt").read_text() == "text"
    assert made.get_int_custom_property("step") == 7
    number = artifact(standard_artifacts.Integer, 5)
    assert component(JoinCounts, counts=[number])["text"].value == "5"


def test_user_modules_of_one_name_each_have_their_own_code(
    component, examples, tmp_path: Path
) -> None:
    made = []
    for name in ("first", "second"):
        module = tmp_path / name / "own_trainer.py"
        module.parent.mkdir()
        module.write_text(MODULE.format(name=name))
        trained = component(
            tfx.components.Trainer,
            module_file=str(module),
            examples=examples(train=ROWS, eval=ROWS),
            train_args=tfx.proto.TrainArgs(),
            eval_args=tfx.proto.EvalArgs(),
        )
        made.append(Path(trained["model"].uri, "Format-Serving", "made_by").read_text())
    assert made == ["first", "second"]


def test_examples_of_an_example_gen_are_read(component, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.csv").write_text("n,word\n" + "1,a\n2,b\n" * 10)
    made = component(tfx.components.CsvExampleGen, input_base=str(tmp_path / "data"))
    assert sorted(examples_frame(made["examples"])["word"]) == ["a"] * 10 + ["b"] * 10


def test_a_mistake_gets_one_clear_message(component, examples, artifact) -> None:
    rows = examples(ROWS)
    result = component(CountRows, examples=rows)
    with pytest.raises(UsageError, match="CountRows has put out no 'counts'"):
        result["counts"]
    with pytest.raises(UsageError, match="makes str, which is no component"):
        component(str, object=1)
    with pytest.raises(UsageError, match=r"property 'age' is 1\.5, and not an int or a text"):
        artifact(standard_artifacts.Model, age=1.5)
    with pytest.raises(TypeError, match="Examples"):
        component(CountRows, examples=artifact(standard_artifacts.Model))


def test_a_result_tells_its_outputs(component, examples) -> None:
    result = component.using(node_id="Two")(CountRows, examples=examples(ROWS))
    assert repr(result).startswith("<Two COMPLETE, count=Integer /")
