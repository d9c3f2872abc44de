"""A component that says which Beam arguments have reached it; some are given at two levels here.

The settings and the command line, the lowest level and the highest, are the test's.
"""

import os

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from tfx import v1 as tfx

LEVELS = ("settings", "pipeline", "node", "command_line")


class Levels(PipelineOptions):
    """Each is given at the level that it is named after, and at every lower one."""

    @classmethod
    def _add_argparse_args(cls, parser):
        for level in LEVELS:
            parser.add_argument(f"--up_to_{level}")


@tfx.dsl.components.component(use_beam=True)
def SayArguments(
    text: tfx.dsl.components.OutputArtifact[tfx.types.standard_artifacts.String],
    beam_pipeline: tfx.dsl.components.BeamComponentParameter[beam.Pipeline] = None,
) -> None:
    given = beam_pipeline.options.view_as(Levels)
    found = [f"{level}={getattr(given, f'up_to_{level}')}" for level in LEVELS]
    os.makedirs(os.path.dirname(text.uri), exist_ok=True)
    with beam_pipeline as pipeline:
        words = pipeline | beam.Create([" ".join(found)])
        words | beam.io.WriteToText(
            text.uri, shard_name_template="", append_trailing_newlines=False
        )


def arguments(level: str, parallelism: int) -> list[str]:
    """What one level gives; a cluster has not as many slots as the lower ones ask for."""
    own = LEVELS.index(level)
    return [f"--up_to_{name}={level}" for name in LEVELS[own:]] + [f"--parallelism={parallelism}"]


def create_pipeline() -> tfx.dsl.Pipeline:
    node = SayArguments().with_beam_pipeline_args(arguments("node", 97))
    return tfx.dsl.Pipeline(
        pipeline_name="beam_levels",
        components=[node],
        beam_pipeline_args=arguments("pipeline", 98),
        enable_cache=False,
    )
