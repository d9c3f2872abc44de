"""A step under a name of its own, whose memory is measured where it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics

from . import sampled

MEMORY = "headrace.memory"
"""Namespace of the distributions: megabytes that a process takes when a bundle ends."""
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Measured(beam.PTransform):  # type: ignore[misc]
    """Applies a transform as a step that ``step_costs`` knows by its name.

    Time is what Beam samples of the steps that are within. Memory is the process's: steps that
    Beam fuses take turns in one process, and so have one figure.
    """

    def __init__(self, name: str, transform: beam.PTransform) -> None:
        super().__init__(name)
        self._transform = transform

    def expand(self, values: Any) -> beam.PCollection:
        done = values | "Step" >> self._transform
        return done | "Memory" >> beam.ParDo(_Memory(self.label))


class _Memory(beam.DoFn):  # type: ignore[misc]
    def __init__(self, step: str) -> None:
        self._step = step

    def process(self, element: Any) -> Iterator[Any]:
        yield element

    def start_bundle(self) -> None:
        sampled.begin()

    def finish_bundle(self) -> None:
        sampled.tell()
        Metrics.distribution(MEMORY, self._step).update(_resident_bytes() >> 20)


def _resident_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:  # not Linux
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
