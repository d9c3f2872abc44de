"""Counts four words with Beam, and writes how long it took. Usage: beam_job.py FILE ARGUMENT..."""

import sys
import time
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

file, *arguments = sys.argv[1:]
start = time.monotonic()
with beam.Pipeline(options=PipelineOptions(arguments)) as pipeline:
    counts = (
        pipeline
        | beam.Create(["water", "wheel", "mill", "water"])
        | beam.combiners.Count.PerElement()
    )
    assert_that(counts, equal_to([("mill", 1), ("water", 2), ("wheel", 1)]))
Path(file).write_text(str(time.monotonic() - start))
