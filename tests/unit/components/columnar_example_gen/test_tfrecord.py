import pyarrow as pa
import tensorflow as tf
from apache_beam.io.filesystems import FileSystems

from headrace.components.columnar_example_gen.gzipping import gzipped
from headrace.components.columnar_example_gen.tfrecord import framed

RECORDS = [b"", b"a", b"bb" * 100, bytes(range(256)), b"c" * 70000, b"a"]


def read(path, compression):
    return list(tf.data.TFRecordDataset(str(path), compression).as_numpy_iterator())


def test_tensorflow_reads_the_frames_and_agrees_with_the_checksums(tmp_path):
    path = tmp_path / "records"
    path.write_bytes(bytes(framed(pa.array(RECORDS), RECORDS)))
    assert read(path, "") == RECORDS


def test_members_of_gzip_are_one_file_to_its_readers(tmp_path):
    path = tmp_path / "records.gz"
    member = gzipped(framed(pa.array(RECORDS), RECORDS))
    path.write_bytes(member + member)
    assert read(path, "GZIP") == RECORDS * 2
    with FileSystems.open(str(path)) as beams:
        assert beams.read() == bytes(framed(pa.array(RECORDS), RECORDS)) * 2


def test_no_record_is_no_byte():
    assert bytes(framed(pa.array([], pa.binary()), [])) == b""
