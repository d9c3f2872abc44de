"""TFX driver of ColumnarExampleGen: which span is read, and what the files' fingerprint is."""

from __future__ import annotations

import operator
import posixpath
from collections.abc import Iterable
from functools import reduce
from typing import Any

from tfx.components.example_gen import driver, input_processor, utils
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2, range_config_pb2
from tfx.types import standard_component_specs as specs
from tfx.utils import proto_utils

from headrace.components.spans.numbers import span_numbers
from headrace.errors import HeadraceError

from .files import match_files
from .options import SPAN_KEY

_SECOND = 10**9


class Driver(driver.FileBasedDriver):  # type: ignore[misc]
    """TFX's driver of file-based ExampleGens, which regards the files in a directory too."""

    def get_input_processor(
        self, splits: Iterable[Any], range_config: Any = None, input_base_uri: str | None = None
    ) -> input_processor.InputProcessor:
        """What resolves spans and takes fingerprints."""
        return _Processor(input_base_uri, splits, range_config)

    def resolve_exec_properties(
        self, exec_properties: dict[str, Any], pipeline_info: Any, component_info: Any
    ) -> dict[str, Any]:
        """TFX's own, after ``span`` has become the range configuration that TFX knows.

        Raises:
            HeadraceError: there are no such data, or the text is no span.
        """
        text = str(exec_properties.get(SPAN_KEY) or "").strip()
        for number in _numbers(text, exec_properties) if text else (None,):
            asked = exec_properties if number is None else _one_span(exec_properties, number)
            try:
                resolved = super().resolve_exec_properties(asked, pipeline_info, component_info)
            except ValueError as error:
                if "Cannot find matching" not in str(error):
                    raise
            else:
                return dict(resolved)
        raise HeadraceError(
            _no_data(text, exec_properties), "look at input_base, and whether they have arrived"
        )


def _one_span(exec_properties: dict[str, Any], number: int) -> dict[str, Any]:
    one = range_config_pb2.StaticRange(start_span_number=number, end_span_number=number)
    config = proto_utils.proto_to_json(range_config_pb2.RangeConfig(static_range=one))
    # The ways to write a span must not miss what another has cached.
    return {**exec_properties, specs.RANGE_CONFIG_KEY: config, SPAN_KEY: str(number)}


def _splits(exec_properties: dict[str, Any]) -> list[Any]:
    config = example_gen_pb2.Input()
    proto_utils.json_to_proto(exec_properties[specs.INPUT_CONFIG_KEY], config)
    return list(config.splits)


def _numbers(text: str, exec_properties: dict[str, Any]) -> tuple[int, ...]:
    splits = _splits(exec_properties)
    found = [utils.verify_split_pattern_specs(split) for split in splits]
    if not all(has_span or has_date for has_span, has_date, _ in found):
        patterns = ", ".join(split.pattern for split in splits)
        raise HeadraceError(
            f"span {text!r} is asked for, but the patterns have no spans: {patterns}",
            "write {YYYY}, {MM} and {DD}, or {SPAN}, into the patterns of input_config",
        )
    numbers: tuple[int, ...] = span_numbers(text, dates=bool(found[0][1]))
    return numbers


def _no_data(text: str, exec_properties: dict[str, Any]) -> str:
    base = exec_properties.get(specs.INPUT_BASE_KEY)
    patterns = ", ".join(f"{base}/{split.pattern}" for split in _splits(exec_properties))
    return f"there are no data of {f'span {text}' if text else 'any span'}: {patterns}"


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
