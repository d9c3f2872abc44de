from collections.abc import Iterator

import pytest
from absl import flags
from tfx_bsl.coders import batch_util

from headrace.node.batching import batch_by_bytes

BY_TIME = {"min_batch_size": 1, "max_batch_size": 1000}
STATISTICS = "tfx.components.statistics_gen.executor.Executor"


@pytest.fixture(autouse=True)
def _by_time() -> Iterator[None]:
    flags.FLAGS.set_default("tfxio_use_byte_size_batching", False)
    yield
    flags.FLAGS.set_default("tfxio_use_byte_size_batching", False)


def batches() -> dict[str, object]:
    found = batch_util.GetBatchElementsKwargs(None)
    return {name: found[name] for name in ("min_batch_size", "max_batch_size")}


@pytest.mark.parametrize("class_path", [STATISTICS, "tfx.components.transform.executor.Executor"])
def test_nodes_that_compute_take_batches_of_a_fixed_size(class_path: str) -> None:
    assert batches() == BY_TIME
    batch_by_bytes(class_path)
    found = batches()
    assert found["min_batch_size"] == found["max_batch_size"] == 20 << 20


@pytest.mark.parametrize("part", ["evaluator", "bulk_inferrer"])
def test_nodes_that_run_a_model_keep_batches_as_large_as_it_is_quick(part: str) -> None:
    batch_by_bytes(f"tfx.components.{part}.executor.Executor")
    assert batches() == BY_TIME
