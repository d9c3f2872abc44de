import pytest
from tfx.proto import example_gen_pb2, range_config_pb2
from tfx.utils import proto_utils

from headrace.components.columnar_example_gen import ColumnarExampleGen
from headrace.components.columnar_example_gen.driver import Driver
from headrace.errors import HeadraceError


def resolved(base, span: str, pattern: str) -> dict:
    config = example_gen_pb2.Input(
        splits=[example_gen_pb2.Input.Split(name="rows", pattern=pattern)]
    )
    properties = {
        "input_base": str(base),
        "input_config": proto_utils.proto_to_json(config),
        "span_to_read": span,
    }
    return Driver(None).resolve_exec_properties(properties, None, None)


@pytest.fixture
def days(tmp_path):
    for name in ("20130104", "20130105"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.csv").write_text(f"a\n{name}\n")
    return tmp_path


def test_a_run_names_the_span_that_is_read(days):
    found = resolved(days, "20130104", "{YYYY}{MM}{DD}/*")
    assert found["span"] == 15709
    assert '"20130104/*"' in found["input_config"]


def test_both_ways_to_write_a_date_are_one_to_the_cache(days):
    pattern = "{YYYY}{MM}{DD}/*"
    assert resolved(days, "2013-01-04", pattern) == resolved(days, "20130104", pattern)


def test_without_one_the_newest_is_read(days):
    assert resolved(days, "", "{YYYY}{MM}{DD}/*")["span"] == 15710


def test_a_number_is_read_as_the_pattern_writes_it(tmp_path):
    for name in ("day-02", "day-11"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.csv").write_text("a\n1\n")
    assert resolved(tmp_path, "2", "day-{SPAN:2}/*")["span"] == 2


@pytest.mark.parametrize("written", ["15709", "20130104", "2013-01-04"])
def test_a_number_of_days_is_read_by_its_date_too(tmp_path, written):
    """As an event names it, whose partition is the date."""
    for name in ("span-15709", "span-15710"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.csv").write_text("a\n1\n")
    found = resolved(tmp_path, written, "span-{SPAN}/*")
    assert (found["span"], found["span_to_read"]) == (15709, "15709")


def test_a_number_that_looks_like_a_date_is_that_number_where_it_is_there(tmp_path):
    for name in ("span-15709", "span-20130104"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.csv").write_text("a\n1\n")
    assert resolved(tmp_path, "20130104", "span-{SPAN}/*")["span"] == 20130104


def test_a_span_that_has_not_arrived_is_told_with_where_it_was_looked_for(days):
    with pytest.raises(HeadraceError) as caught:
        resolved(days, "20130106", "{YYYY}{MM}{DD}/*")
    assert f"there are no data of span 20130106: {days}/{{YYYY}}{{MM}}{{DD}}/*" in str(caught.value)


def test_a_pattern_without_spans_cannot_be_asked_for_one(days):
    with pytest.raises(HeadraceError, match=r"the patterns have no spans: \*"):
        resolved(days, "20130106", "*")


def test_span_and_range_config_are_not_both_given():
    static = range_config_pb2.StaticRange(start_span_number=1, end_span_number=1)
    with pytest.raises(HeadraceError, match="span and range_config"):
        ColumnarExampleGen(
            input_base="data",
            span="1",
            range_config=range_config_pb2.RangeConfig(static_range=static),
        )
