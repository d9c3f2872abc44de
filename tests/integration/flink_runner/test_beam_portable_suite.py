"""Beam's own tests of portable runners, which its wheel has, on our runner and a real cluster.

What Beam leaves out on Flink is tried here as well: what works is run, and what does not has to
fail as the table below says, so that it is true for the Beam and Flink that are installed.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from apache_beam.runners.portability import flink_runner_test
from apache_beam.runners.portability.fn_api_runner import fn_runner_test

from headrace.flink_runner import FlinkRunner
from headrace.flink_runner.options import HeadraceOptions
from tests.integration.flink_runner.conftest import Flink

pytestmark = pytest.mark.integration

_BEAM = "https://github.com/apache/beam/issues/"


@dataclass(frozen=True)
class Limit:
    """A test of Beam's that does not pass.

    Attributes:
        why: the reason, and Beam's issue where it has one.
        raises: what the test fails with; empty: it is not run, because it cannot be.
    """

    why: str
    raises: str = ""


_NO_DRAIN = Limit("portable runners do not drain; Beam leaves it out for all of them")
_LEFT_OUT = "Beam leaves it out for every runner: "
_NEEDS_JAVA = Limit(
    "a transform in Java needs Beam's harness for Java, a Docker image, and an expansion service; "
    f"Beam leaves it out for optimized pipelines, too: {_BEAM}19461"
)
_OWN_WINDOWS = Limit(
    f"Java does not know window functions that are written in Python: {_BEAM}20641",
    "Unknown or unsupported WindowFn: beam:window_fn:pickled_python:v1",
)
_NO_FINALIZATION = Limit(
    f"bundles are finalized with a checkpoint, and a batch job has none: {_BEAM}19526",
    "Portable Flink runner doesn't support bundle finalization in batch mode",
)

LIMITS: Mapping[str, Limit] = {
    "test_batch_rebatch_pardos": Limit(
        "looks in the client's process for a warning that is the harness's, where another process "
        "is; Beam leaves it out for such harnesses. The warning is in the job's log",
        "InefficientExecutionWarning not triggered",
    ),
    "test_custom_merging_window": _OWN_WINDOWS,
    "test_custom_window_type": _OWN_WINDOWS,
    "test_sdf_default_truncate_when_bounded": _NO_DRAIN,
    "test_sdf_default_truncate_when_unbounded": _NO_DRAIN,
    "test_sdf_with_truncate": _NO_DRAIN,
    "test_draining_sdf_with_sdf_initiated_checkpointing": _NO_DRAIN,
    "test_external_transform": _NEEDS_JAVA,
    "test_expand_kafka_read": _NEEDS_JAVA,
    "test_expand_kafka_write": _NEEDS_JAVA,
    "test_sql": _NEEDS_JAVA,
    "test_batch_pardo_trigger_flush": Limit(f"{_LEFT_OUT}{_BEAM}23944"),
    "test_pardo_large_input": Limit(f"{_LEFT_OUT}{_BEAM}23944"),
    "test_pardo_side_input_sparse_dependencies": Limit(f"{_LEFT_OUT}{_BEAM}21228"),
    "test_teststream_pardo_timers": Limit(f"{_LEFT_OUT}TestStream not yet supported"),
    "test_large_elements": Limit(f"{_LEFT_OUT}flaky, BEAM-9119"),
}
BATCH_LIMITS: Mapping[str, Limit] = {
    **LIMITS,
    "test_register_finalizations": _NO_FINALIZATION,
    "test_callbacks_with_exception": _NO_FINALIZATION,
}
STREAMING_LIMITS: Mapping[str, Limit] = {
    **LIMITS,
    "test_flatten_and_gbk": Limit(
        f"the same data flattened and grouped: {_BEAM}34647",
        "PCollectionNodes [PCollectionNode{id=",
    ),
    "test_flattened_side_input": Limit(
        f"data of different coders flattened: {_BEAM}19365", "Cannot union streams of different"
    ),
}


class _OnOurs:
    """Beam's tests for Flink, by headrace's runner instead of a job-server process.

    Those below are left out or cut short in Beam's class, and pass here.
    """

    enable_commit: bool
    environment_options = None

    @pytest.fixture(autouse=True)
    def parse_options(self, flink: Flink, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HEADRACE_HOME", str(flink.settings.home))

    @classmethod
    def get_runner(cls) -> FlinkRunner:
        return FlinkRunner()

    @classmethod
    def _create_job_endpoint(cls) -> None:
        return None

    def create_options(self) -> Any:
        options = super().create_options()  # type: ignore[misc]
        own = options.view_as(HeadraceOptions)
        own.shutdown_sources_after_idle_ms = 0
        # What fails here fails again, and Flink's own restarts take 45 s.
        options._all_options.setdefault("number_of_execution_retries", 0)
        if self.enable_commit:
            options._all_options["checkpointing_interval"] = 500
            own.shutdown_sources_after_idle_ms = 15_000
        return options

    def test_no_subtransform_composite(self) -> None:
        fn_runner_test.FnApiRunnerTest.test_no_subtransform_composite(self)

    def test_metrics(self) -> None:
        fn_runner_test.FnApiRunnerTest.test_metrics(self, check_gauge=True, check_bounded_trie=True)

    def test_flatten_and_gbk(self) -> None:
        fn_runner_test.FnApiRunnerTest.test_flatten_and_gbk(self)

    def test_flattened_side_input(self) -> None:
        fn_runner_test.FnApiRunnerTest.test_flattened_side_input(self)

    def test_sdf_with_watermark_tracking(self) -> None:
        fn_runner_test.FnApiRunnerTest.test_sdf_with_watermark_tracking(self)

    def test_custom_merging_window(self) -> None:
        fn_runner_test.FnApiRunnerTest.test_custom_merging_window(self)

    def test_custom_window_type(self) -> None:
        fn_runner_test.FnApiRunnerTest.test_custom_window_type(self)

    def test_callbacks_with_exception(self) -> None:
        fn_runner_test.FnApiRunnerTest.test_callbacks_with_exception(self)

    def test_register_finalizations(self) -> None:
        fn_runner_test.FnApiRunnerTest.test_register_finalizations(self)


_SLOW_IN_BATCH = frozenset(
    (
        "test_pardo_et_timer_with_no_firing",
        "test_pardo_et_timer_with_no_reset",
        "test_pardo_et_timer_with_no_reset_and_no_clear",
        "test_callbacks_with_exception",
        "test_register_finalizations",
    )
)
"""Timers take events of 14 s as they happen, and are streaming jobs in either class. Finalizations
fail in a batch job only after the cluster's restarts, 45 s, which Beam's batch jobs always have."""
_STREAMING_PARTS = re.compile(
    "timers?$|timer_with_no_reset_and_no_clear|timers_clear|dynamic_timer|state|sdf|window|pane$|"
    "finalizations|callbacks|metrics|group_by_key$|reshuffle$"
)
"""Of the streaming jobs: what is of another kind there than in a batch job."""


def _limited(name: str, limit: Limit, beams: Callable[[Any], None]) -> Callable[[Any], None]:
    def test(self: Any) -> None:
        if not limit.raises:
            pytest.skip(limit.why)
        with pytest.raises(BaseException, match=re.escape(limit.raises)):
            beams(self)
        pytest.xfail(limit.why)

    test.__name__ = name
    return test


def _stood_for(beams: Callable[[Any], None]) -> Callable[[Any], None]:
    @functools.wraps(beams)
    def test(self: Any) -> None:
        beams(self)

    return pytest.mark.whole_beam_suite(test)


def _with(
    limits: Mapping[str, Limit], is_enough_with: Callable[[str], bool]
) -> Callable[[type], type]:
    """Let the tests that the table names fail as it says, and run the others if they are asked for.

    Args:
        is_enough_with: whether a test is always run.
    """

    def decorate(tests: type) -> type:
        for name in [name for name in dir(tests) if name.startswith("test")]:
            beams = getattr(tests, name)
            if name in limits:
                beams = _limited(name, limits[name], beams)
            setattr(tests, name, beams if is_enough_with(name) else _stood_for(beams))
        return tests

    return decorate


@_with(BATCH_LIMITS, lambda name: name not in _SLOW_IN_BATCH)
class TestBatch(_OnOurs, flink_runner_test.FlinkRunnerTestOptimized):  # type: ignore[misc]
    """Every test as a batch job."""


@_with(
    STREAMING_LIMITS,
    lambda name: name in STREAMING_LIMITS or _STREAMING_PARTS.search(name) is not None,
)
class TestStreaming(_OnOurs, flink_runner_test.FlinkRunnerTestStreaming):  # type: ignore[misc]
    """Every test as a streaming job."""

    def test_callbacks_with_exception(self) -> None:
        self.enable_commit = True
        fn_runner_test.FnApiRunnerTest.test_callbacks_with_exception(self)

    def test_register_finalizations(self) -> None:
        self.enable_commit = True
        fn_runner_test.FnApiRunnerTest.test_register_finalizations(self)


@pytest.mark.parametrize("tests", [TestBatch, TestStreaming])
def test_no_test_is_left_out_but_those_in_the_table(tests: type) -> None:
    names = [name for name in dir(tests) if name.startswith("test")]
    left_out = [name for name in names if _is_left_out(getattr(tests, name))]
    assert len(names) > 70
    assert left_out == []


def _is_left_out(test: Any) -> bool:
    if getattr(test, "__unittest_skip__", False):
        return True
    body = r"def \w+\(self[^)]*\):\s+(?:#[^\n]*\s+)*raise unittest\.SkipTest"
    return re.search(body, inspect.getsource(test)) is not None
