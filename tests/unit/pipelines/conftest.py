"""What Transform makes of the first 300 flights, once for all tests."""

import itertools

import apache_beam as beam
import pytest
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import dataset_metadata

from pipelines.flights import data, features
from pipelines.flights.pipeline import HERE
from pipelines.flights.preprocessing import preprocessing_fn


@pytest.fixture(scope="session")
def flights() -> list[dict[str, int | str]]:
    """The first flights as typed rows."""
    texts = (*features.CATEGORICAL, *features.UNUSED, features.DAY)
    return [
        {
            name: [value if name in texts else int(value)]
            for name, value in zip(data.HEADER, row, strict=True)
        }
        for row in itertools.islice(data.flights(data.source_file()), 300)
    ]


@pytest.fixture(scope="session")
def transform(flights, tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    schema = schema_pb2.Schema()
    text_format.Parse((HERE / "schema" / "schema.pbtxt").read_text(), schema)
    place = tmp_path_factory.mktemp("transform")
    output = str(place / "output")
    with (
        tft_beam.Context(temp_dir=str(place / "aside")),
        beam.Pipeline(runner=FnApiRunner()) as pipeline,
    ):
        rows = pipeline | beam.Create(flights)
        analyzed = (rows, dataset_metadata.DatasetMetadata(schema)) | tft_beam.AnalyzeDataset(
            preprocessing_fn
        )
        analyzed | tft_beam.WriteTransformFn(output)
        raw = f"{output}/{tft.TFTransformOutput.RAW_METADATA_DIR}"
        dataset_metadata.DatasetMetadata(schema) | tft_beam.WriteMetadata(raw, pipeline)
    return tft.TFTransformOutput(output)
