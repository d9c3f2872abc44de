"""The strategies as a pipeline's Resolvers have them: inputs by TFX's own queries."""

from pathlib import Path

import pytest
from tfx import v1 as tfx
from tfx.types import standard_artifacts

from headrace.components.columnar_example_gen import ColumnarExampleGen
from headrace.components.spans import LatestPushedModel, SpanWindow


@pytest.fixture
def read(component, tmp_path: Path):
    """Examples of a span, as an ExampleGen reads them."""

    def call(span: int):
        file = tmp_path / "data" / f"day-{span}" / "rows.csv"
        file.parent.mkdir(parents=True)
        file.write_text(f"day\n{span}\n")
        split = tfx.proto.Input.Split(name="rows", pattern="day-{SPAN}/*")
        return component(
            ColumnarExampleGen,
            input_base=str(tmp_path / "data"),
            input_config=tfx.proto.Input(splits=[split]),
            span=str(span),
        )["examples"]

    return call


def test_a_window_has_the_spans_up_to_the_runs_own(component, read) -> None:
    first, last, own = [read(span) for span in (1, 3, 2)]
    found = component(
        tfx.dsl.Resolver,
        strategy_class=SpanWindow,
        config={"spans": 5},
        examples=own,
        window=tfx.dsl.Channel(type=standard_artifacts.Examples),
    )
    assert [one.id for one in found.outputs["window"]] == [first.id, own.id]
    assert last.get_int_custom_property("span") == 3


def test_what_is_resolved_is_the_model_that_was_pushed(component, model, tmp_path: Path) -> None:
    trained = model(lambda features: features["x"], {"x": float})
    folder = tfx.proto.PushDestination.Filesystem(base_directory=str(tmp_path / "serving"))
    destination = tfx.proto.PushDestination(filesystem=folder)
    pushed = component(tfx.components.Pusher, model=trained, push_destination=destination)
    found = component(
        tfx.dsl.Resolver,
        strategy_class=LatestPushedModel,
        config={"pipeline": "test"},
        model=tfx.dsl.Channel(type=standard_artifacts.Model),
    )
    assert found["model"].id == pushed.inputs["model"][0].id
