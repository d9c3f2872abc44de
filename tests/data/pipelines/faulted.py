"""For the fault campaign: fast, of TFX's own components and of some that write for a while."""

import os
import time

from tfx import v1 as tfx

component = tfx.dsl.components.component
Parameter = tfx.dsl.components.Parameter
Model = tfx.types.standard_artifacts.Model
Schema = tfx.types.standard_artifacts.Schema
Text = tfx.types.standard_artifacts.String

FILES = 25
FILE_BYTES = 2048


@component
def Write(
    files: tfx.dsl.components.OutputArtifact[Model],
    text: tfx.dsl.components.OutputArtifact[Text],
    data: Parameter[str],
) -> None:
    """Many files, one after another, so that a fault falls between them."""
    with open(os.path.join(data, "rows.csv")) as file:
        text.value = file.readline()
    for number in range(FILES):
        with open(os.path.join(files.uri, f"part-{number:02d}"), "wb") as file:
            file.write(bytes([number]) * FILE_BYTES)
        time.sleep(0.02)


@component
def Gather(
    schema: tfx.dsl.components.InputArtifact[Schema],
    files: tfx.dsl.components.InputArtifact[Model],
    text: tfx.dsl.components.InputArtifact[Text],
    gathered: tfx.dsl.components.OutputArtifact[Model],
) -> None:
    """What came before, in one file; fails if anything of it is not there."""
    names = sorted(os.listdir(files.uri))
    if len(names) != FILES:
        raise ValueError(f"{len(names)} files of {FILES}")
    with open(os.path.join(gathered.uri, "all"), "wb") as out:
        out.write(text.value.encode())
        for name in names:
            with open(os.path.join(files.uri, name), "rb") as file:
                out.write(file.read())
                out.flush()
                time.sleep(0.01)
        with open(os.path.join(schema.uri, "schema.pbtxt"), "rb") as file:
            out.write(file.read())


def create_pipeline() -> tfx.dsl.Pipeline:
    data = tfx.dsl.experimental.RuntimeParameter(name="data", ptype=str, default="/no/such/place")
    examples = tfx.components.CsvExampleGen(input_base=data)
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    schema = tfx.components.SchemaGen(statistics=statistics.outputs["statistics"])
    write = Write(data=data)
    gather = Gather(
        schema=schema.outputs["schema"],
        files=write.outputs["files"],
        text=write.outputs["text"],
    )
    return tfx.dsl.Pipeline(
        pipeline_name="faulted",
        components=[examples, statistics, schema, write, gather],
        enable_cache=True,
    )
