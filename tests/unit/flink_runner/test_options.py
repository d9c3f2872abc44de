import pytest
from apache_beam.options.pipeline_options import (
    DebugOptions,
    FlinkRunnerOptions,
    PipelineOptions,
    PortableOptions,
    WorkerOptions,
)

from headrace.errors import UsageError
from headrace.flink.job_api import Restore
from headrace.flink_runner.options import (
    chosen_parallelism,
    fill_in,
    fill_in_streaming,
    flink_options,
    python_failures,
    restore_of,
)
from headrace.flink_runner.sizing import Shape


def filled(*arguments: str) -> PipelineOptions:
    options = PipelineOptions(list(arguments))
    fill_in(options, Shape(2, 2), "p/n/r")
    return options


def test_what_nobody_has_set_is_set() -> None:
    options = filled()
    assert options.view_as(FlinkRunnerOptions).parallelism == 2
    assert options.view_as(PortableOptions).sdk_worker_parallelism == 2
    assert options.view_as(PortableOptions).environment_cache_millis == 60_000
    assert options.get_all_options()["environment_expiration_millis"] == 30_000
    assert options.view_as(DebugOptions).lookup_experiment("pre_optimize") == "all"
    assert options.get_all_options()["job_name"] == "p/n/r"


def test_what_somebody_has_set_stays_be_it_beams_default() -> None:
    options = filled(
        "--sdk_worker_parallelism=1",
        "--environment_cache_millis=0",
        "--experiments=pre_optimize=none",
        "--max_cache_memory_usage_mb=0",
    )
    assert int(options.view_as(PortableOptions).sdk_worker_parallelism) == 1
    assert int(options.view_as(PortableOptions).environment_cache_millis) == 0
    assert options.view_as(DebugOptions).lookup_experiment("pre_optimize") == "none"
    assert options.view_as(WorkerOptions).max_cache_memory_usage_mb == 0


def test_flinks_own_options_are_taken_the_later_the_stronger() -> None:
    given = ["--flink_option=a.b=1", "--flink_option=a.b=2", "--flink_option=c=d=e"]
    assert flink_options(PipelineOptions(given)) == {"a.b": "2", "c": "d=e"}
    assert flink_options(PipelineOptions([])) == {}
    with pytest.raises(UsageError, match="KEY=VALUE, got 'fast'"):
        flink_options(PipelineOptions(["--flink_option=fast"]))


def test_a_batch_job_is_given_up_when_the_users_code_fails() -> None:
    assert python_failures(PipelineOptions([])) == 1
    assert python_failures(PipelineOptions(["--streaming"])) == 0
    assert python_failures(PipelineOptions(["--headrace_python_failures=3"])) == 3


def test_a_parallelism_of_the_users_is_told_from_none() -> None:
    assert chosen_parallelism(PipelineOptions(["--parallelism=3"])) == 3
    assert chosen_parallelism(PipelineOptions(["--parallelism=1", "--parallelism=4"])) == 4
    assert chosen_parallelism(PipelineOptions([])) is None


def test_harnesses_log_at_the_nodes_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_LOG_LEVEL", "debug")
    found = filled().view_as(WorkerOptions).default_sdk_harness_log_level
    assert found == "DEBUG"


def test_a_stream_never_ends_by_itself_unless_it_is_told_to() -> None:
    options = PipelineOptions([])
    fill_in_streaming(options)
    found = options.get_all_options()
    assert found["streaming"]
    assert found["shutdown_sources_after_idle_ms"] == 2**63 - 1
    assert found["finish_bundle_before_checkpointing"] == "true"
    assert python_failures(options) == 0
    told = PipelineOptions(["--shutdown_sources_after_idle_ms=0"])
    fill_in_streaming(told)
    assert told.get_all_options()["shutdown_sources_after_idle_ms"] == 0


def test_a_savepoint_is_gone_on_from_where_one_is_given() -> None:
    assert restore_of(PipelineOptions([])) is None
    given = ["--savepoint_path=file:/s/1"]
    assert restore_of(PipelineOptions(given)) == Restore("file:/s/1")
    lenient = PipelineOptions([*given, "--allow_non_restored_state"])
    assert restore_of(lenient) == Restore("file:/s/1", lenient=True)
