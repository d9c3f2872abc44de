import pytest
from tfx.orchestration.data_types import RuntimeParameter

from headrace.components.columnar_example_gen import ColumnarExampleGen
from headrace.errors import HeadraceError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bad_rows": "quarantin"}, "bad_rows 'quarantin' is not known"),
        ({"bad_rows": "skip"}, "bad_rows='skip' needs bad_rows_limit"),
        ({"bad_rows_limit": 3}, "bad_rows='fail' takes no bad_rows_limit"),
        ({"bad_rows": "quarantine", "bad_rows_limit": -2}, "bad_rows_limit must be 0 or more"),
        ({"input_format": "xml"}, "input_format 'xml' is not known"),
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
