import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_runner_api_pb2 as pb
from apache_beam.transforms.environments import ExternalEnvironment

from headrace.flink_runner.one_stage import as_one_stage, is_possible, is_wanted
from headrace.flink_runner.options import HeadraceOptions  # noqa: F401 - makes the options known
from headrace.flink_runner.sizing import BYTES_A_SLOT

SMALL = "--headrace_input_bytes=1000"


def translated() -> pb.Pipeline:
    pipeline = beam.Pipeline(runner="DirectRunner", options=PipelineOptions([]))
    words = pipeline | beam.Create(["water", "wheel", "water"])
    words | beam.combiners.Count.PerElement() | beam.Map(print)
    return pipeline.to_runner_api(default_environment=ExternalEnvironment("localhost:1", {"a": ""}))


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([SMALL], True),
        ([], False),  # of unknown size
        ([f"--headrace_input_bytes={BYTES_A_SLOT}"], False),
        ([SMALL, "--headrace_one_stage_bytes=0"], False),
        (["--headrace_input_bytes=1000000000", "--headrace_one_stage_bytes=2000000000"], True),
        ([SMALL, "--parallelism=1"], False),
        ([SMALL, "--experiments=pre_optimize=all"], False),
        ([SMALL, "--experiments=some_other"], True),
        ([SMALL, "--streaming"], False),
        ([SMALL, "--savepoint_path=here"], False),
    ],
)
def test_a_job_of_little_data_is_one_stage_unless_something_is_asked_of_its_stages(
    arguments: list[str], wanted: bool
) -> None:
    assert is_wanted(PipelineOptions(arguments)) is wanted


def test_a_pipeline_in_two_environments_is_not_possible() -> None:
    pipeline = translated()
    assert is_possible(pipeline)
    pipeline.components.environments["other"].urn = common_urns.environments.EXTERNAL.urn
    pipeline.components.environments["other"].payload = b"another pool"
    assert not is_possible(pipeline)


def test_a_pipeline_in_containers_is_not_possible() -> None:
    pipeline = translated()
    for environment in pipeline.components.environments.values():
        environment.urn = common_urns.environments.DOCKER.urn
    assert not is_possible(pipeline)


def test_what_flink_gets_is_an_impulse_and_one_step_in_the_environment_of_the_pipeline() -> None:
    pipeline = translated()
    [given] = pipeline.components.environments.values()
    given.dependencies.add(type_urn="beam:artifact:type:file:v1")
    found = as_one_stage(pipeline)
    leaves = [step for step in found.components.transforms.values() if not step.subtransforms]
    assert sorted(step.spec.urn for step in leaves) == [
        common_urns.primitives.IMPULSE.urn,
        common_urns.primitives.PAR_DO.urn,
    ]
    assert [*found.components.environments.values()] == [given]
