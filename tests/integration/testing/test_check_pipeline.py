"""The pytest plugin's ``check_pipeline``, through a real launcher."""

import textwrap
from pathlib import Path

import pytest

from headrace.ir.store import PipelineError
from headrace.testing import PipelineProblems
from pipelines.flights import daily

pytestmark = pytest.mark.integration

FAULTY = '''
    """Rows, counted. Its runtime parameter: least."""
    from tfx import v1 as tfx
    from tests.unit.testing.counting import CountRows

    Parameter = tfx.dsl.experimental.RuntimeParameter

    def create_pipeline():
        rows = tfx.components.CsvExampleGen(input_base="/data")
        schema = tfx.dsl.Importer(
            source_uri="/data/schema", artifact_type=tfx.types.standard_artifacts.Schema
        ).with_id("schema")
        count = CountRows(
            examples=rows.outputs["examples"], least=Parameter(name="least", ptype=int, default=1)
        )
        other = CountRows(
            examples=rows.outputs["examples"], least=Parameter(name="most", ptype=int, default=1)
        ).with_id("Other")
        transform = tfx.components.Transform(
            examples=rows.outputs["examples"],
            schema=schema.outputs["result"],
            preprocessing_fn="birds.preprocessing.preprocessing",
        )
        trainer = tfx.components.Trainer(
            run_fn="nowhere.model.run_fn",
            examples=rows.outputs["examples"],
            train_args=tfx.proto.TrainArgs(),
            eval_args=tfx.proto.EvalArgs(),
        )
        return tfx.dsl.Pipeline(
            pipeline_name="faulty", components=[rows, schema, count, other, transform, trainer]
        )
'''
WRONG_TYPE = """
    from tfx import v1 as tfx

    def create_pipeline():
        rows = tfx.components.CsvExampleGen(input_base="/data")
        schema = tfx.components.SchemaGen(statistics=rows.outputs["examples"])
        return tfx.dsl.Pipeline(pipeline_name="wrong_type", components=[rows, schema])
"""
CYCLE = """
    from tfx import v1 as tfx

    def create_pipeline():
        rows = tfx.components.CsvExampleGen(input_base="/data")
        statistics = tfx.components.StatisticsGen(examples=rows.outputs["examples"])
        rows.add_upstream_node(statistics)
        return tfx.dsl.Pipeline(pipeline_name="cycle", components=[rows, statistics])
"""


@pytest.fixture
def write(tmp_path: Path):
    def call(source: str) -> str:
        place = tmp_path / "birds"
        place.mkdir()
        (place / "__init__.py").touch()
        (place / "preprocessing.py").write_text("def preprocessing_fn(inputs): ...")
        (place / "pipeline.py").write_text(textwrap.dedent(source).lstrip())
        return f"{place / 'pipeline.py'}:create_pipeline"

    return call


@pytest.mark.parametrize(
    "file", ["penguins/pipeline.py", "sms/pipeline.py", "flights_scoring/pipeline.py"]
)
def test_a_pipeline_of_ours_has_no_problem(check_pipeline, file: str) -> None:
    checked = check_pipeline(f"pipelines/{file}:create_pipeline")
    assert checked.name == file.partition("/")[0]
    order = list(checked.nodes)
    for node in checked.nodes.values():
        assert all(order.index(before) < order.index(node.id) for before in node.upstream)
    assert set(checked.parameters) in ({"epochs", "learning_rate"}, {"span"})


def test_a_function_is_a_target_too(check_pipeline) -> None:
    checked = check_pipeline(daily.create_pipeline)
    assert set(checked.parameters) == {"span", "retrain", "network", "epochs", "learning_rate"}


def test_all_that_is_wrong_is_told_at_once(check_pipeline, write) -> None:
    with pytest.raises(PipelineProblems) as caught:
        check_pipeline(write(FAULTY))
    undocumented, trainer, transform = caught.value.problems
    assert undocumented.startswith("runtime parameter most of Other is in no docstring of pipeline")
    assert transform.startswith(
        "node Transform: preprocessing_fn birds.preprocessing.preprocessing cannot be imported: "
        "AttributeError: module birds.preprocessing has no 'preprocessing'"
    )
    assert trainer.startswith("node Trainer: run_fn nowhere.model.run_fn cannot be imported: Mod")
    assert caught.value.message.startswith("pipeline faulty has 3 problems:")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (WRONG_TYPE, r"pipeline\.py:5: .*ExampleStatistics"),
        (CYCLE, r"pipeline\.py:\d+: .*[Cc]ycl"),
    ],
)
def test_what_cannot_be_compiled_is_told_with_its_line(
    check_pipeline, write, source: str, message: str
) -> None:
    with pytest.raises(PipelineError, match=message):
        check_pipeline(write(source))
