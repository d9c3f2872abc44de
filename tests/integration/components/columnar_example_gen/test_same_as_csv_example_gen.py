"""The same rows decode to the same tf.Examples as CsvExampleGen's, in the same splits."""

import pytest
from tfx.proto import example_gen_pb2

from pipelines.flights import data as flights
from pipelines.penguins import data as penguins

pytestmark = pytest.mark.integration

HARD_CASES = (
    "plain,late float,late text,never,long,mixed,padded,underscored,hex,special,one",
    '1,1,1,,1,"a, b", 1,1_000,0x1F,nan,1',
    '2,,2,,9223372036854775807,"two\nlines",2 ,2,1,inf,2',
    '-3,3,,,-9223372036854775808,"a ""quoted"" word", +3 ,3,2,-Infinity,3',
    "",
    '4,4.5,x,,9223372036854775808,5" x 3" pipe,4,4,,1e400,4',
    '+5,1e-3,y,,5,"",5,5,3,1.7976931348623157e308,5',
    ',,,,,"",,,,,',
    '007,-0.0,"z",,7,"été, 日本語",7,7,7,3.4028236e38,7',
    '8,8,"",, 8 ,"\r\n",8,8,8,.5,8',
    '9,9,nan,,9,"abc"def,9,9,9,0.1,9',
    "0,16777217,9,,9,'',0,0,0,1e-46,0",
)


def both(generators, base, **properties):
    return generators.columnar(base, **properties), generators.stock(base, **properties)


def assert_same(ours, stock, splits=("train", "eval")):
    for split in splits:
        assert ours.examples(split) == stock.examples(split)
    assert ours.artifact.split_names == stock.artifact.split_names
    for name in ("payload_format", "file_format"):
        expected = stock.artifact.get_string_custom_property(name)
        assert ours.artifact.get_string_custom_property(name) == expected


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_hard_cases(generators, tmp_path, line_break):
    base = tmp_path / "data"
    base.mkdir()
    lines = [line.replace("two\nlines", f"two{line_break}lines") for line in HARD_CASES]
    (base / "hard.csv").write_bytes((line_break.join(lines) + line_break).encode())
    ours, stock = both(generators, base)
    assert sum(ours.examples("train").values()) + sum(ours.examples("eval").values()) == 10
    assert_same(ours, stock)


def test_penguins(generators, tmp_path):
    ours, stock = both(generators, penguins.stage(tmp_path / "data"))
    assert_same(ours, stock)


def test_flights_without_gzip_split_by_a_feature(generators, tmp_path):
    split = example_gen_pb2.SplitConfig.Split
    config = example_gen_pb2.Output(
        split_config=example_gen_pb2.SplitConfig(
            splits=[
                split(name="a", hash_buckets=3),
                split(name="b", hash_buckets=2),
                split(name="c", hash_buckets=2),
            ],
            partition_feature_name="date",
        )
    )
    base = flights.stage(tmp_path / "data", rows=3000)
    ours = generators.columnar(base, output_config=config, compression="none")
    stock = generators.stock(base, output_config=config)
    for name in ("a", "b", "c"):
        assert len(ours.records(name)) > 0
        assert ours.examples(name) == stock.examples(name)


def test_splits_of_the_input_have_kinds_of_their_own(generators, tmp_path):
    base = tmp_path / "data"
    for name, cell in (("first", "1"), ("second", "x")):
        (base / name).mkdir(parents=True)
        (base / name / "a.csv").write_text(f"a,b\n{cell},1\n")
        (base / name / "b.csv").write_text("a,b\n2,\n")
    split = example_gen_pb2.Input.Split
    config = example_gen_pb2.Input(
        splits=[split(name="one", pattern="first/*"), split(name="two", pattern="second/*")]
    )
    ours, stock = both(generators, base, input_config=config)
    assert_same(ours, stock, ("one", "two"))
    assert [row["a"] for row in ours.decoded("one")] == [[1], [2]]


def test_a_kind_that_shows_after_the_sample_is_the_kind_of_the_whole_column(generators, tmp_path):
    base = tmp_path / "data"
    base.mkdir()
    rows = "".join(f"{number},,{'x' * 200}\n" for number in range(8000))
    (base / "a.csv").write_text(f"a,b,c\n{rows}0.5,5,y\n")
    ours, stock = both(generators, base)
    assert_same(ours, stock)
    rows = ours.decoded("train")
    assert {type(row["a"][0]) for row in rows} == {float}
    assert [] in [row["b"] for row in rows]
