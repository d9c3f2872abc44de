"""What Transform makes of the first 300 flights, once for all tests."""

import itertools
from collections.abc import Callable

import pytest
import tensorflow_transform as tft

from headrace.testing import Preprocessed, Workbench
from pipelines.flights import data, features
from pipelines.flights.pipeline import HERE
from pipelines.flights.preprocessing import preprocessing_fn


@pytest.fixture(scope="session")
def flights() -> list[dict[str, int | str]]:
    """The first flights as typed rows."""
    texts = (*features.CATEGORICAL, *features.UNUSED, features.DAY)
    return [
        {
            name: value if name in texts else int(value)
            for name, value in zip(data.HEADER, row, strict=True)
        }
        for row in itertools.islice(data.flights(data.source_file()), 300)
    ]


@pytest.fixture(scope="session")
def preprocessed(flights, new_workbench: Callable[[], Workbench]) -> Preprocessed:
    schema = HERE / "schema" / "schema.pbtxt"
    not_served = [features.LABEL, features.DAY]
    return new_workbench().preprocess(preprocessing_fn, flights, schema, not_served=not_served)


@pytest.fixture(scope="session")
def transform(preprocessed: Preprocessed) -> tft.TFTransformOutput:
    return preprocessed.transform
