"""Input and output in an object store, through the whole component."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from tfx.components.example_gen import utils

from headrace.components.columnar_example_gen.driver import Driver
from headrace.errors import HeadraceError
from tests.integration.components.columnar_example_gen import object_store

pytestmark = pytest.mark.integration

BASE = f"{object_store.SCHEME}://bucket/data"


@pytest.fixture(autouse=True)
def objects():
    object_store.OBJECTS.clear()
    return object_store.OBJECTS


def rows_below(uri):
    found = []
    for path in object_store.below(uri):
        if path.endswith(".gz"):
            data = tf.io.decode_compressed(object_store.OBJECTS[path], "GZIP").numpy()
            found += _records(data)
    return found


def _records(data):
    while data:
        length = int.from_bytes(data[:8], "little")
        features = tf.train.Example.FromString(data[12 : 12 + length]).features.feature
        yield features["a"].int64_list.value[0]
        data = data[16 + length :]


def test_everything_may_be_in_a_store_without_directories(generators, objects, monkeypatch):
    module = "headrace.components.columnar_example_gen.source"
    monkeypatch.setattr(f"{module}.range_count", lambda file: max(1, file.size // 100))
    object_store.put(f"{BASE}/1.csv", b"a,b\n" + b"".join(b'%d,"x\ny"\n' % n for n in range(100)))
    object_store.put(f"{BASE}/2.csv", b"a,b\n100\n")
    output = f"{object_store.SCHEME}://bucket/artifacts/1"
    ours = generators.columnar(BASE, uri=output, bad_rows="quarantine")
    assert sorted(rows_below(output)) == list(range(100))
    assert ours.artifact.get_int_custom_property("bad_rows") == 1
    [kept] = object_store.below(f"{output}/quarantine")
    assert json.loads(objects[kept])["file"] == f"{BASE}/2.csv"
    report = json.loads(objects[f"{output}/ingestion.json"])
    assert sum(report["rows"].values()) == 100
    assert not [path for path in objects if ".staging" in path]
    assert len(object_store.below(f"{output}/Split-train")) > 5


def test_a_directory_is_the_objects_below_it_without_its_marks(generators, objects):
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": [1, 2]}), buffer)
    for name in ("part=1/", "part=2/", "part=2/deep/"):
        object_store.put(f"{BASE}/day/{name}", b"")
        object_store.put(f"{BASE}/day/{name}x.parquet", buffer.getvalue().to_pybytes())
    output = f"{object_store.SCHEME}://bucket/artifacts/2"
    inputs = utils.make_default_input_config("day")
    generators.columnar(BASE, uri=output, input_config=inputs)
    assert sorted(rows_below(output)) == [1, 1, 1, 2, 2, 2]


def test_the_fingerprint_is_of_the_objects():
    def fingerprint(pattern):
        splits = utils.make_default_input_config(pattern).splits
        processor = Driver(None).get_input_processor(splits, None, BASE)
        return processor.get_input_fingerprint(*processor.resolve_span_and_version())

    object_store.put(f"{BASE}/day/a.csv", b"a\n1\n")
    files, directory = fingerprint("day/*"), fingerprint("day")
    assert "num_files:1,total_bytes:4" in files
    assert "num_files:1,total_bytes:4" in directory
    object_store.put(f"{BASE}/day/b.csv", b"a\n12\n")
    assert "num_files:2,total_bytes:9" in fingerprint("day")
    assert fingerprint("day/*") != files


def test_a_scheme_that_is_not_known_is_told(generators):
    with pytest.raises(HeadraceError, match=r"nowhere://bucket.* on no file system") as failure:
        generators.columnar("nowhere://bucket")
    assert "apache-beam[gcp]" in failure.value.hint
