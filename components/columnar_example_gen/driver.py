"""TFX driver of ColumnarExampleGen: which span is read, and what the files' fingerprint is."""

from __future__ import annotations

import operator
import posixpath
from collections.abc import Iterable
from functools import reduce
from typing import Any

from tfx.components.example_gen import driver, input_processor
from tfx.dsl.io import fileio

from .files import match_files

_SECOND = 10**9


class Driver(driver.FileBasedDriver):  # type: ignore[misc]
    """TFX's driver of file-based ExampleGens, which regards the files in a directory too."""

    def get_input_processor(
        self, splits: Iterable[Any], range_config: Any = None, input_base_uri: str | None = None
    ) -> input_processor.InputProcessor:
        """What resolves spans and takes fingerprints."""
        return _Processor(input_base_uri, splits, range_config)


class _Processor(input_processor.FileBasedInputProcessor):  # type: ignore[misc]
    """TFX's own, and the same fingerprint wherever patterns match files.

    Where one matches directories, TFX looks only at these, and a changed file in them would be
    served from the cache.
    """

    def get_input_fingerprint(self, span: int, version: int | None) -> str | None:
        parts = [super().get_input_fingerprint(span, version)]
        for split in self._splits:
            name = self.get_pattern_for_span_version(split.pattern, span, version)
            pattern = posixpath.join(self._input_base_uri, name)
            if any(fileio.isdir(path) for path in fileio.glob(pattern)):
                parts.append(_of_files(split.name, [file.path for file in match_files(pattern)]))
        return "\n".join(part for part in parts if part)


def _of_files(split: str, paths: list[str]) -> str:
    """A fingerprint in TFX's form."""
    stats = [fileio.stat(path) for path in paths]
    times = [int(stat.mtime_nsec / _SECOND) for stat in stats]
    return (
        f"split:{split},num_files:{len(paths)},total_bytes:{sum(stat.length for stat in stats)},"
        f"xor_checksum:{reduce(operator.xor, times, 0)},sum_checksum:{sum(times)}"
    )
