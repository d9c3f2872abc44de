"""Penguins with ColumnarExampleGen in CsvExampleGen's place, and nothing else changed."""

import functools
from unittest import mock

from tfx import v1 as tfx

from components.columnar_example_gen import ColumnarExampleGen
from pipelines.penguins import pipeline


def with_gzip() -> tfx.dsl.Pipeline:
    return _create("columnar_penguins_gzip", compression="gzip")


def without_gzip() -> tfx.dsl.Pipeline:
    return _create("columnar_penguins", compression="none")


def _create(name, **options):
    # The pipeline has no parameter for it, because a user has none: he edits the one line.
    columnar = functools.partial(ColumnarExampleGen, **options)
    with mock.patch.object(tfx.components, "CsvExampleGen", columnar):
        return pipeline.create_pipeline(name=name)
