"""TFX executor of TextPredictions."""

from __future__ import annotations

from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils

from headrace.components.measured_steps import Measured, step_costs, write_costs
from headrace.errors import HeadraceError

from .scored import Columns, Scored, Sums, scored, sums_of, words

EXAMPLES_KEY = "examples"
PREDICTIONS_KEY = "predictions"
PREDICTIONS, BY_LABEL, BY_WORD = "predictions", "by_label", "by_word"
_SUMMED = "\ttexts\tpositive\tmean_score"


class Executor(base_beam_executor.BaseBeamExecutor):  # type: ignore[misc]
    """Writes scored texts, and what they come to by label and by word, as lines."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write the three kinds of files.

        Raises:
            HeadraceError: there are no examples, or they have no score.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        files = _files(input_dict[EXAMPLES_KEY])
        uri = artifact_utils.get_single_uri(output_dict[PREDICTIONS_KEY])
        columns = Columns(*(exec_properties[name] for name in ("text", "label", "score")))
        threshold = exec_properties["threshold"]
        least = exec_properties["least_texts"]

        def sink(name: str, header: str) -> beam.PTransform:
            prefix = FileSystems.join(uri, name)
            return Measured(f"Write {name}", beam.io.WriteToText(prefix, ".tsv", header=header))

        with self._make_beam_pipeline() as pipeline:
            texts = (
                pipeline
                | "Files" >> beam.Create(files)
                | Measured("Read examples", beam.io.ReadAllFromTFRecord())
                | Measured("Parse examples", beam.Map(scored, columns))
            )
            _ = texts | "Lines" >> beam.Map(Scored.line) | sink(PREDICTIONS, "score\tlabel\ttext")
            _ = (
                texts
                | Measured("Key by label", beam.Map(_by_label, threshold))
                | Measured("Combine by label", beam.CombinePerKey(_sum()))
                | "Label lines" >> beam.MapTuple(_line)
                | sink(BY_LABEL, f"label{_SUMMED}")
            )
            _ = (
                texts
                | Measured(
                    "Key by word", beam.FlatMap(_by_word, exec_properties["word"], threshold)
                )
                | Measured("Combine by word", beam.CombinePerKey(_sum()))
                | "Frequent" >> beam.Filter(_is_frequent, least)
                | "Word lines" >> beam.MapTuple(_line)
                | sink(BY_WORD, f"word{_SUMMED}")
            )
        write_costs(step_costs(pipeline.result), uri)


def _sum() -> beam.CombineFn:
    return beam.combiners.TupleCombineFn(sum, sum, sum)


def _by_label(one: Scored, threshold: float) -> tuple[str, Sums]:
    return one.label, sums_of(one, threshold)


def _by_word(one: Scored, pattern: str, threshold: float) -> list[tuple[str, Sums]]:
    return [(word, sums_of(one, threshold)) for word in words(one.text, pattern)]


def _is_frequent(item: tuple[str, tuple[int, int, int]], least: int) -> bool:
    return item[1][0] >= least


def _line(key: str, sums: tuple[int, int, int]) -> str:
    return Sums(*sums).line(key)


def _files(examples: list[types.Artifact]) -> list[str]:
    patterns = [
        FileSystems.join(artifact_utils.get_split_uri([artifact], name), "*")
        for artifact in examples
        for name in artifact_utils.decode_split_names(artifact.split_names)
    ]
    found = FileSystems.match(patterns) if patterns else []
    files = sorted(file.path for one in found for file in one.metadata_list)
    if not files:
        places = ", ".join(artifact.uri for artifact in examples)
        raise HeadraceError(f"there are no scored examples in {places}", "was the model blessed?")
    return files
