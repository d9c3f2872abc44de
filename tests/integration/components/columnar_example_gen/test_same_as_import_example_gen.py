"""TFRecords become the same examples as ImportExampleGen's, in the same splits."""

import json
from collections import Counter

import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from tfx.proto import example_gen_pb2

from headrace.errors import HeadraceError

pytestmark = pytest.mark.integration

SPLITS = [
    example_gen_pb2.SplitConfig.Split(name="train", hash_buckets=2),
    example_gen_pb2.SplitConfig.Split(name="eval", hash_buckets=1),
]


def example(number):
    """Rows differ in the features that they have; "id" is in all."""
    made = tf.train.Example()
    features = made.features.feature
    features["id"].int64_list.value.append(number)
    if number % 2:
        features["text"].bytes_list.value.extend([b"a", b"%d" % number])
    if number % 3:
        features["ratio"].float_list.value.append(number / 7)
    if number % 5 == 0:
        features["empty"].int64_list.SetInParent()
    if number % 7 == 0:
        features["nothing"].SetInParent()
    return made


def backwards(record):
    """The same example in other bytes: its features in the other order."""
    parts = [tf.train.Example() for _ in tf.train.Example.FromString(record).features.feature]
    whole = tf.train.Example.FromString(record).features.feature
    for part, name in zip(parts, sorted(whole, reverse=True), strict=True):
        part.features.feature[name].CopyFrom(whole[name])
    inner = b"".join(part.features.SerializeToString() for part in parts)
    merged = tf.train.Features.FromString(inner)
    assert set(merged.feature) == set(whole)
    return _field_1(inner)


def _field_1(inner):
    length, head = len(inner), b"\x0a"
    while length > 0x7F:
        head += bytes([length & 0x7F | 0x80])
        length >>= 7
    return head + bytes([length]) + inner


RECORDS = [example(number).SerializeToString(deterministic=True) for number in range(300)]
SEQUENCES = [
    tf.train.SequenceExample(context=tf.train.Example.FromString(record).features)
    for record in RECORDS
]


def write(path, records, compression=""):
    options = tf.io.TFRecordOptions(compression_type=compression)
    with tf.io.TFRecordWriter(str(path), options) as writer:
        for record in records:
            writer.write(record)


@pytest.fixture
def base(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    write(path / "data_tfrecord-00000-of-00002.gz", map(backwards, RECORDS[:200]), "GZIP")
    write(path / "data_tfrecord-00001-of-00002.gz", RECORDS[200:], "GZIP")
    return path


def partitioned_by(feature):
    config = example_gen_pb2.SplitConfig(splits=SPLITS, partition_feature_name=feature)
    return example_gen_pb2.Output(split_config=config)


@pytest.mark.parametrize("output", [None, partitioned_by("id")], ids=["whole", "feature"])
def test_examples_and_splits(generators, base, output):
    ours = generators.columnar(base, output_config=output)
    stock = generators.imported(base, output_config=output)
    for split in ("train", "eval"):
        assert ours.examples(split) == stock.examples(split)
        assert len(ours.records(split)) > 50
    for name in ("payload_format", "file_format"):
        expected = stock.artifact.get_string_custom_property(name)
        assert ours.artifact.get_string_custom_property(name) == expected
    report = json.loads((ours.uri / "ingestion.json").read_text())
    assert report["features"]["single_split"] == {
        "empty": "INT (inferred)",
        "id": "INT (inferred)",
        "nothing": "UNKNOWN (inferred)",
        "ratio": "FLOAT (inferred)",
        "text": "BYTES (inferred)",
    }


@pytest.mark.parametrize(
    ("payload", "records", "canonical"),
    [
        (
            example_gen_pb2.FORMAT_TF_SEQUENCE_EXAMPLE,
            [sequence.SerializeToString() for sequence in SEQUENCES],
            lambda record: tf.train.SequenceExample.FromString(record).SerializeToString(
                deterministic=True
            ),
        ),
        (example_gen_pb2.FORMAT_PROTO, [b"record %d" % number for number in range(300)], bytes),
    ],
    ids=["sequences", "protos"],
)
def test_other_payloads(generators, tmp_path, payload, records, canonical):
    base = tmp_path / "other"
    base.mkdir()
    write(base / "a.tfrecords", records)
    ours = generators.columnar(base, output_data_format=payload)
    stock = generators.imported(base, output_data_format=payload)
    for split in ("train", "eval"):
        expected = Counter(map(canonical, stock.records(split)))
        assert Counter(map(canonical, ours.records(split))) == expected
    name = example_gen_pb2.PayloadFormat.Name(payload)
    assert ours.artifact.get_string_custom_property("payload_format") == name


def test_examples_as_columns(generators, base):
    as_rows = generators.columnar(base)
    as_columns = generators.columnar(base, output_data_format=example_gen_pb2.FORMAT_PARQUET)
    for split in ("train", "eval"):
        table = pq.ParquetDataset(as_columns.files(split)).read().to_pylist()
        by_id = {row["id"][0]: row for row in table}
        rows = as_rows.decoded(split)
        assert sorted(by_id) == sorted(row["id"][0] for row in rows)
        for row in rows:
            found = by_id[row["id"][0]]
            for name in ("text", "empty", "nothing"):
                assert found[name] == row.get(name)
            assert (found["ratio"] is None) == ("ratio" not in row)


def test_broken_records_are_bad_rows(generators, tmp_path):
    base = tmp_path / "broken"
    base.mkdir()
    file = base / "a.tfrecord"
    write(file, [RECORDS[0], b"\xff no example", RECORDS[2], RECORDS[3]])
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    with pytest.raises(HeadraceError, match=r"a\.tfrecord:(2: no tensorflow|4: its checksum)"):
        generators.columnar(base)
    ours = generators.columnar(base, bad_rows="quarantine")
    assert sum(len(ours.records(split)) for split in ("train", "eval")) == 2
    [kept] = (ours.uri / "quarantine").iterdir()
    reasons = {row["line"]: row["reason"] for row in map(json.loads, kept.open())}
    assert reasons == {2: "no tensorflow.Example", 4: "its checksum is wrong"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n3,4\n5,6\n", "is no TFRecord file, or broken, from record 1 on"),
        (None, "ends inside of record 4"),
    ],
)
def test_files_that_are_none_or_end_too_early_are_refused(generators, tmp_path, content, message):
    base = tmp_path / "bad"
    base.mkdir()
    write(base / "a.tfrecord", RECORDS[:4])
    whole = (base / "a.tfrecord").read_bytes()
    (base / "a.tfrecord").write_bytes(content or whole[:-2])
    with pytest.raises(HeadraceError, match=rf"a\.tfrecord {message}"):
        generators.columnar(base)


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        ("ratio", "is of kind FLOAT|some record does not have"),
        ("text", "some record does not have"),
        ("other", "some record does not have"),
    ],
)
def test_a_feature_that_cannot_decide_is_named(generators, base, feature, message):
    with pytest.raises(
        HeadraceError, match=f"partition_feature_name.*'{feature}', which {message}"
    ):
        generators.columnar(base, output_config=partitioned_by(feature))


def test_what_cannot_be_made_of_other_files_is_refused(generators, tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(HeadraceError, match="FORMAT_PROTO cannot be made of files of csv"):
        generators.columnar(tmp_path, output_data_format=example_gen_pb2.FORMAT_PROTO)
