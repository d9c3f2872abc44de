"""Every format through the executor, and what becomes of rows that are bad."""

import bz2
import gzip
import json
import lzma
import re
import zlib

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
import zstandard
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.proto import example_gen_pb2
from tfx.utils import proto_utils

from headrace.components.columnar_example_gen.source import text_ranges
from headrace.errors import HeadraceError

pytestmark = pytest.mark.integration

ALL = example_gen_pb2.Output(
    split_config=example_gen_pb2.SplitConfig(
        splits=[example_gen_pb2.SplitConfig.Split(name="all", hash_buckets=1)]
    )
)
TABLE = pa.table(
    {
        "i": pa.array([1, None, 3], pa.int32()),
        "f": [0.5, 0.0, None],
        "t": ["a", "", None],
        "l": pa.array([[1, 2], [], None], pa.list_(pa.int64())),
        "b": [True, False, None],
        "n": pa.nulls(3),
        "d": pa.array(["x", "y", "x"]).dictionary_encode(),
        "s": pa.array([{"in": 7}, {"in": None}, {"in": 9}]),
    }
)
ROWS = [
    {"i": [1], "f": [0.5], "t": [b"a"], "l": [1, 2], "b": [1], "n": None, "d": [b"x"], "s.in": [7]},
    {"i": None, "f": [0], "t": [b""], "l": [], "b": [0], "n": None, "d": [b"y"], "s.in": None},
    {"i": [3], "f": None, "t": None, "l": None, "b": None, "n": None, "d": [b"x"], "s.in": [9]},
]
WRITERS = {
    "t.parquet": lambda path: pq.write_table(TABLE, path, row_group_size=2),
    "t.feather": lambda path: pyarrow.feather.write_feather(TABLE, path, chunksize=2),
}


COMPRESSORS = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
    "deflate": zlib.compress,
}


@pytest.fixture
def base(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    return path


def given(**kinds):
    schema = schema_pb2.Schema()
    for name, kind in kinds.items():
        schema.feature.add(name=name, type=kind)
    return proto_utils.proto_to_json(schema)


def all_rows(generators, base, **properties):
    ours = generators.columnar(base, output_config=ALL, **properties)
    return ours.decoded("all"), ours


def in_ranges(monkeypatch, module, size):
    """Small files are read in ranges of so many bytes, as large ones are."""
    name = f"headrace.components.columnar_example_gen.{module}.range_count"
    monkeypatch.setattr(name, lambda file: max(1, round(file.size / size)))


@pytest.mark.parametrize("name", list(WRITERS))
def test_tables_keep_zeros_empty_texts_lists_and_nulls(generators, base, name, monkeypatch):
    in_ranges(monkeypatch, "table_source", 700)
    WRITERS[name](str(base / name))
    rows, _ = all_rows(generators, base)
    assert rows == ROWS


def test_json_lines(generators, base):
    lines = [
        '{"i": 1, "f": 1, "t": "2013-01-01", "l": ["x", "y"], "o": {"p": true}}',
        "",
        '{"i": 2, "f": 0.5, "t": "é\\n", "l": []}\r',
        '{"i": null, "late": 1}',
    ]
    (base / "t.jsonl").write_bytes("\n".join(lines).encode())
    rows, _ = all_rows(generators, base)
    nothing = dict.fromkeys(("i", "f", "t", "l", "o.p", "late"))
    assert rows == [
        {**nothing, "i": [1], "f": [1], "t": [b"2013-01-01"], "l": [b"x", b"y"], "o.p": [1]},
        {**nothing, "i": [2], "f": [0.5], "t": ["é\n".encode()], "l": []},
        {**nothing, "late": [1]},
    ]


def test_text_lines(generators, base):
    (base / "t.txt").write_bytes('a, "b\r\n\né\nlast'.encode("cp1252"))
    options = json.dumps({"encoding": "cp1252"})
    rows, _ = all_rows(generators, base, input_format="text", text_options=options)
    assert [row["text"] for row in rows] == [[b'a, "b'], [b""], ["é".encode()], [b"last"]]


def test_compressed_files_beside_plain_ones_and_other_encodings(generators, base):
    text = 'a;b\n1;"é\n"\n2;ö\n'
    (base / "1.csv").write_bytes(text.encode("utf-16"))
    (base / "2.csv.gz").write_bytes(gzip.compress(text.encode("utf-16")))
    (base / "3.csv.bz2").write_bytes(bz2.compress(text.encode("utf-16")))
    (base / "_SUCCESS").touch()
    options = json.dumps({"encoding": "utf-16", "delimiter": ";"})
    rows, _ = all_rows(generators, base, text_options=options)
    assert rows == [{"a": [1], "b": ["é\n".encode()]}, {"a": [2], "b": ["ö".encode()]}] * 3


@pytest.mark.parametrize("suffix", list(COMPRESSORS))
def test_a_compressed_file_is_read_whole_or_refused(generators, base, suffix):
    rows = "".join(f"{number},{number**4}\n" for number in range(20000))
    first, second = (COMPRESSORS[suffix](text.encode()) for text in (f"a,b\n{rows}", "7,8\n"))
    file = base / f"a.csv.{suffix}"
    file.write_bytes(first + second)
    rows, _ = all_rows(generators, base)
    assert (len(rows), rows[-1]) == (20001, {"a": [7], "b": [8]})
    broken = first[: len(first) // 2]
    for content in (broken, broken + bytes(100), first[:-3], b"a,b\n1,2\n"):
        file.write_bytes(content)
        with pytest.raises(HeadraceError, match=rf"a\.csv\.{suffix} is not valid"):
            all_rows(generators, base)


def test_unfinished_and_hidden_directories_are_passed_over(generators, base):
    for name in ("part=1", "_temporary/0", ".hidden"):
        (base / name).mkdir(parents=True)
        (base / name / "a.csv").write_text("a\n1\n" if name == "part=1" else "b\n2\n")
    inputs = example_gen_pb2.Input(splits=[example_gen_pb2.Input.Split(name="all", pattern="**")])
    rows, _ = all_rows(generators, base, input_config=inputs)
    assert rows == [{"a": [1]}]
    hidden = example_gen_pb2.Input(
        splits=[example_gen_pb2.Input.Split(name="all", pattern=".hidden/*")]
    )
    assert all_rows(generators, base, input_config=hidden)[0] == [{"b": [2]}]


def test_headers_of_blank_and_quoted_names(generators, base):
    (base / "a.tsv").write_text('\ta\t"b\nc"\t\n0\t1\t2\t3\n1\t2\n')
    inputs = example_gen_pb2.Input(
        splits=[example_gen_pb2.Input.Split(name="all", pattern="*.tsv")]
    )
    with pytest.raises(HeadraceError, match="more than one column named ''"):
        all_rows(generators, base, input_config=inputs)
    (base / "a.tsv").write_text('\ta\t"b\nc"\n0\t1\t2\n1\t2\n')
    rows, ours = all_rows(generators, base, input_config=inputs, bad_rows="quarantine")
    assert rows == [{"": [0], "a": [1], "b\nc": [2]}]
    [kept] = (ours.uri / "quarantine").iterdir()
    assert json.loads(kept.read_text())["line"] == 4


def test_bytes_that_an_encoding_does_not_have_are_bad_rows(generators, base):
    (base / "a.csv").write_bytes(b"a,b\n1,\x81\n2,\xe9\n")
    options = json.dumps({"encoding": "cp1252"})
    with pytest.raises(HeadraceError, match=r"a\.csv:2: not valid text .*'1,\\\\x81'"):
        all_rows(generators, base, text_options=options)
    rows, _ = all_rows(generators, base, text_options=options, bad_rows="quarantine")
    assert rows == [{"a": [2], "b": ["é".encode()]}]


def test_json_of_several_types_under_one_name(generators, base):
    lines = ['{"a": 1}', '{"a": "x"}', '{"a": [2, null]}', '{"a": [3, "4"]}', '{"late": 1}']
    (base / "a.json").write_text("\n".join(lines))
    kinds = given(a=schema_pb2.INT, late=schema_pb2.FLOAT)
    rows, ours = all_rows(generators, base, bad_rows="quarantine", given_schema=kinds)
    none = {"a": None, "late": None}
    assert rows == [{**none, "a": [1]}, {**none, "a": [3, 4]}, {**none, "late": [1.0]}]
    [kept] = (ours.uri / "quarantine").iterdir()
    assert [json.loads(line)["line"] for line in kept.open()] == [2, 3]
    kinds = given(a=schema_pb2.BYTES)
    rows, _ = all_rows(generators, base, bad_rows="quarantine", given_schema=kinds)
    assert [row["a"] for row in rows] == [[b"1"], [b"x"], [b"3", b"4"], None]


def test_objects_without_any_name_are_rows(generators, base):
    (base / "a.jsonl").write_text("{}\n{}\n")
    assert all_rows(generators, base)[0] == [{}, {}]


@pytest.mark.parametrize("name", list(WRITERS))
def test_a_name_that_is_no_text_is_told_by_file(generators, base, name, monkeypatch):
    monkeypatch.setitem(globals(), "TABLE", pa.table({"number": [1]}))
    WRITERS[name](str(base / name))
    content = (base / name).read_bytes()
    (base / name).write_bytes(content.replace(b"number", b"numb\xffr"))
    with pytest.raises(HeadraceError, match=rf"{re.escape(name)} cannot be read: .*not UTF-8"):
        all_rows(generators, base)


def test_a_text_of_parquet_that_is_none_goes_into_quarantine_by_its_bytes(generators, base):
    pq.write_table(pa.table({"i": ["aa", "7"]}), base / "t.parquet", compression="none")
    content = (base / "t.parquet").read_bytes()
    (base / "t.parquet").write_bytes(content.replace(b"aa", b"\xff\xff"))
    rows, ours = all_rows(
        generators, base, bad_rows="quarantine", given_schema=given(i=schema_pb2.INT)
    )
    assert rows == [{"i": [7]}]
    [kept] = (ours.uri / "quarantine").iterdir()
    assert json.loads(kept.read_text())["text"] == "{'i': b'\\xff\\xff'}"


@pytest.mark.parametrize("name", list(WRITERS))
def test_broken_tables_are_told_by_file(generators, base, name, monkeypatch):
    monkeypatch.setitem(globals(), "TABLE", pa.table({"t": [str(i * 7919) for i in range(20000)]}))
    WRITERS[name](str(base / name))
    content = bytearray((base / name).read_bytes())
    content[1000:1200] = b"\xff" * 200
    (base / name).write_bytes(content)
    with pytest.raises(HeadraceError, match=rf"{re.escape(name)} cannot be read"):
        all_rows(generators, base)


def test_a_file_that_changes_while_it_is_read_is_refused(generators, base, monkeypatch):
    def writing(file, encoding):
        (base / "a.csv").write_text("b,a\n2,1\n3,1\n")
        return text_ranges(file, encoding)

    (base / "a.csv").write_text("a,b\n1,2\n")
    name = "headrace.components.columnar_example_gen.csv_source.text_ranges"
    monkeypatch.setattr(name, writing)
    with pytest.raises(HeadraceError, match=r"a\.csv changed while it was read"):
        all_rows(generators, base)


def test_a_large_file_is_split_where_records_begin(generators, base, monkeypatch):
    in_ranges(monkeypatch, "source", 1000)
    rows = [f'{number},"two\nlines, ""{number}"""' for number in range(500)]
    (base / "a.csv").write_text("\ufeffn,t\n" + "\n".join(rows))
    found, ours = all_rows(generators, base)
    expected = [f'two\nlines, "{number}"'.encode() for number in range(500)]
    assert [row["t"][0] for row in found] == expected
    assert len(ours.files("all")) > 10
    (base / "b.csv").write_text("n,t\n1,2\n" * 1 + "3\n" + "".join(f"{row}\n" for row in rows))
    with pytest.raises(HeadraceError) as failure:
        all_rows(generators, base)
    assert failure.value.message == f"{base}/b.csv:3: 1 fields where the header has 2: '3'"
    assert "quarantine" in failure.value.hint


@pytest.mark.parametrize(
    ("name", "text", "bad"),
    [
        ("t.csv", "i,t\n1,a\nx,b\n3\n4,d\n", {3: "x,b", 4: "3"}),
        ("t.tsv", "i\tt\n1\ta\n1.5\tb\n4\td\n", {3: "1.5\tb"}),
        (
            "t.jsonl",
            '{"i": 1, "t": "a"}\n{"i": 1.5}\nnonsense\n[1]\n{"i": 99999999999999999999}\n'
            '{"i": 4, "t": "d"}\n',
            {2: '{"i": 1.5}', 3: "nonsense", 4: "[1]", 5: '{"i": 99999999999999999999}'},
        ),
    ],
)
def test_bad_rows_are_quarantined_and_counted(generators, base, name, text, bad):
    (base / name).write_text(text)
    rows, ours = all_rows(
        generators, base, bad_rows="quarantine", given_schema=given(i=schema_pb2.INT)
    )
    assert rows == [{"i": [1], "t": [b"a"]}, {"i": [4], "t": [b"d"]}]
    assert ours.artifact.get_int_custom_property("bad_rows") == len(bad)
    folder = ours.uri / "quarantine"
    assert ours.artifact.get_string_custom_property("quarantine") == str(folder)
    kept = [json.loads(line) for path in folder.iterdir() for line in path.open()]
    assert {row["line"]: row["text"] for row in kept} == bad
    assert all(row["reason"] and row["file"] == str(base / name) for row in kept)


@pytest.mark.parametrize("name", list(WRITERS))
def test_bad_rows_of_tables_have_their_row_numbers(generators, base, name, monkeypatch):
    in_ranges(monkeypatch, "table_source", 100)
    monkeypatch.setitem(globals(), "TABLE", pa.table({"i": ["1", "2", "x", "4"]}))
    WRITERS[name](str(base / name))
    properties = {"given_schema": given(i=schema_pb2.INT)}
    with pytest.raises(HeadraceError, match=rf"{re.escape(name)}:3: i has a value .* INT"):
        all_rows(generators, base, **properties)
    rows, _ = all_rows(generators, base, bad_rows="quarantine", **properties)
    assert [row["i"] for row in rows] == [[1], [2], [4]]


def test_so_many_bad_rows_may_be_skipped_and_no_more(generators, base):
    for name in ("a", "b"):
        (base / f"{name}.csv").write_text("i,t\n1,a\n2\n")
    rows, ours = all_rows(generators, base, bad_rows="skip", bad_rows_limit=2)
    assert len(rows) == 2
    assert ours.artifact.get_int_custom_property("bad_rows") == 2
    assert not (ours.uri / "quarantine").exists()
    with pytest.raises(HeadraceError, match=r"2 bad rows are more than the limit of 1.*b\.csv:3"):
        all_rows(generators, base, bad_rows="skip", bad_rows_limit=1)


@pytest.mark.parametrize(
    ("files", "properties", "message"),
    [
        ({}, {}, "matches no file"),
        ({"a.csv": "a\n1\n", "b.parquet": ""}, {}, "different formats: csv .*parquet"),
        (
            {"a.csv": "a\n1\n", "b.csv": "b\n1\n"},
            {},
            r"b\.csv has 'b' as column 1, not 'a'.*same header",
        ),
        ({"a.csv": ""}, {}, "are empty"),
        ({"a.csv": "a,a\n1,2\n"}, {}, "more than one column named 'a'"),
        ({"a.csv": "1,2\n"}, {"text_options": '{"column_names": ["a", "a"]}'}, "more than one col"),
        ({"a.csv": "a,b\r1,2\r"}, {}, r"a\.csv:1: the header .* carriage return without"),
        ({"a.csv": "a\0,b\n1,2\n"}, {}, r"a\.csv:1: the header has NUL bytes"),
        (
            {"a.csv": "a\n1\n", "b.csv": "a,b\n1,2\n"},
            {},
            r"b\.csv has 2 columns, not 1, other than",
        ),
        ({"a.csv": "PK\x03\x04"}, {}, r"a\.csv is no text; it is a ZIP archive"),
        ({"a.jsonl": ""}, {}, "are empty"),
        ({"a.parquet": "x"}, {}, r"a\.parquet is no parquet file"),
        ({"a.jsonl": '{"a": 1}\n{"a": "x"}\n'}, {}, r"a\.jsonl:2: 'a' is a text, and is a number"),
        ({"a.csv": "a\n"}, {"input_format": "xml"}, "input_format 'xml' is not known"),
        ({"a.csv": "a\n"}, {"bad_rows": "skip"}, "'skip' needs bad_rows_limit"),
        ({"a.csv": "a\n"}, {"text_options": '{"encoding": "x"}'}, "encoding 'x' is not known"),
        ({"a.csv": "a\n"}, {"text_options": '{"separator": "x"}'}, "text_options.*separator"),
        ({"a.csv.gz": "a\n"}, {}, r"a\.csv\.gz is not valid gzip"),
        ({"a.jsonl": "{}"}, {"text_options": '{"quote": "x"}'}, "'quote', which means nothing"),
    ],
)
def test_mistakes_are_told_by_name(generators, base, files, properties, message):
    for name, text in files.items():
        (base / name).write_text(text)
    with pytest.raises(HeadraceError, match=re.compile(message, re.DOTALL)):
        all_rows(generators, base, **properties)


def test_a_header_without_rows_gives_empty_splits(generators, base):
    (base / "a.csv").write_text("a,b\n")
    rows, ours = all_rows(generators, base)
    assert rows == []
    assert [path.rpartition("/")[2] for path in ours.files("all")] == [
        "data_tfrecord-00000-of-00001.gz"
    ]


def test_nothing_but_the_examples_and_the_report_is_left(generators, base):
    (base / "a.csv").write_text("a,b\n1,\n2,\n")
    _, ours = all_rows(generators, base, given_schema=given(a=schema_pb2.FLOAT))
    assert {path.name for path in ours.uri.iterdir()} == {"Split-all", "ingestion.json"}
    report = json.loads((ours.uri / "ingestion.json").read_text())
    assert report["rows"] == {"Split-all": 2}
    [features] = report["features"].values()
    assert features == {"a": "FLOAT (given)", "b": "UNKNOWN (inferred)"}
