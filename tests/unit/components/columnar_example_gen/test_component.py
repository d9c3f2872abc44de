import pytest
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types import standard_artifacts

from headrace.components.columnar_example_gen import ColumnarExampleGen
from headrace.errors import HeadraceError
from headrace.testing import examples_frame


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bad_rows": "quarantin"}, "bad_rows 'quarantin' is not known"),
        ({"bad_rows": "skip"}, "bad_rows='skip' needs bad_rows_limit"),
        ({"bad_rows_limit": 3}, "bad_rows='fail' takes no bad_rows_limit"),
        ({"bad_rows": "quarantine", "bad_rows_limit": -2}, "bad_rows_limit must be 0 or more"),
        ({"input_format": "xml"}, "input_format 'xml' is not known"),
        ({"output_data_format": 17}, "output_data_format 17 cannot be written: FORMAT_TF_EX"),
        ({"compression": "zip"}, "compression 'zip' is not known"),
        ({"text_options": {"delimiter": "||"}}, "text_options: delimiter must be one ASCII"),
        ({"text_options": {"separator": ";"}}, "text_options.*separator"),
    ],
)
def test_a_mistake_is_told_when_the_pipeline_is_made(options, message):
    with pytest.raises(HeadraceError, match=message):
        ColumnarExampleGen(input_base="data", **options)


def test_what_a_run_decides_is_left_to_it():
    made = ColumnarExampleGen(
        input_base=RuntimeParameter(name="data", ptype=str),
        bad_rows=RuntimeParameter(name="policy", ptype=str, default="skip"),
        bad_rows_limit=RuntimeParameter(name="limit", ptype=int, default=3),
        input_format=RuntimeParameter(name="format", ptype=str, default="csv"),
    )
    assert "bad_rows" in made.exec_properties


def test_options_of_every_kind_are_properties():
    made = ColumnarExampleGen(
        input_base="data", bad_rows="skip", bad_rows_limit=2, text_options={"nulls": ["NA"]}
    )
    assert made.exec_properties["bad_rows_limit"] == 2
    assert made.exec_properties["text_options"] == '{"nulls": ["NA"]}'


def test_files_become_examples_of_the_kinds_that_a_schema_says(component, schema, tmp_path):
    (tmp_path / "rows.csv").write_text("number,text\n1,a\n2,\n3,c\n")
    kinds = schema({"number": float, "text": str | None})
    made = component(ColumnarExampleGen, input_base=str(tmp_path), schema=kinds)["examples"]
    assert made.type is standard_artifacts.Examples
    found = examples_frame(made).sort_values("number")
    assert found["number"].tolist() == [1.0, 2.0, 3.0]
    assert found["number"].dtype == "float32"
    assert found["text"].tolist() == ["a", None, "c"]


def test_files_that_have_not_changed_are_not_read_again(component, tmp_path):
    (tmp_path / "rows.csv").write_text("number\n1\n")
    cached = component.using(cache=True)
    assert not cached(ColumnarExampleGen, input_base=str(tmp_path)).cached
    assert cached(ColumnarExampleGen, input_base=str(tmp_path)).cached
    (tmp_path / "rows.csv").write_text("number\n1\n2\n")
    assert not cached(ColumnarExampleGen, input_base=str(tmp_path)).cached
