import pyarrow as pa
import pytest
import tensorflow as tf
from tfx.components.example_gen import base_example_gen_executor as tfx_executor
from tfx.proto import example_gen_pb2

from headrace.components.columnar_example_gen.encoding import Column, encode_examples
from headrace.components.columnar_example_gen.kinds import Kind
from headrace.components.columnar_example_gen.partition import by_feature
from headrace.components.columnar_example_gen.splitting import SplitPlan, places
from headrace.errors import HeadraceError

COLUMNS = [
    Column("id", Kind.INT, pa.array(range(500))),
    Column("name", Kind.BYTES, pa.array([f"name {i % 7}" for i in range(500)])),
    Column("sparse", Kind.INT, pa.array([i % 3 or None for i in range(500)])),
    Column("ratio", Kind.FLOAT, pa.array([i / 7 for i in range(500)], pa.float32())),
]
RECORDS = encode_examples(COLUMNS, 500).to_pylist()


def tfx_places(plan):
    config = example_gen_pb2.SplitConfig()
    if plan.feature:
        config.partition_feature_name = plan.feature
    ends = [sum(plan.buckets[: index + 1]) for index in range(len(plan.buckets))]
    return [
        tfx_executor._PartitionFn(tf.train.Example.FromString(record), len(ends), ends, config)
        for record in RECORDS
    ]


@pytest.mark.parametrize("buckets", [(2, 1), (1, 1, 1), (7, 2, 90), (1_000_003, 2_000_000_011)])
def test_rows_go_where_tfx_puts_them(buckets):
    plan = SplitPlan(tuple(map(str, buckets)), buckets)
    assert places(plan, RECORDS).tolist() == tfx_places(plan)


@pytest.mark.parametrize("feature", ["id", "name", "sparse"])
def test_a_feature_decides_as_in_tfx(feature):
    plan = SplitPlan(("a", "b", "c"), (3, 1, 2), feature)
    assert by_feature(plan, COLUMNS).tolist() == tfx_places(plan)


@pytest.mark.parametrize(
    ("feature", "message"),
    [("ratio", "of kind FLOAT"), ("other", "no column"), ("nothing", "of kind UNKNOWN")],
)
def test_a_feature_that_cannot_decide_is_named(feature, message):
    columns = [*COLUMNS, Column("nothing", Kind.UNKNOWN, pa.nulls(500))]
    with pytest.raises(HeadraceError, match=f"partition_feature_name.*{feature}.*{message}"):
        by_feature(SplitPlan(("a", "b"), (1, 1), feature), columns)
