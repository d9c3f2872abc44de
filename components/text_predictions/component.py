"""TFX component TextPredictions."""

from __future__ import annotations

from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from .executor import EXAMPLES_KEY, PREDICTIONS_KEY, Executor


class PredictionLines(types.Artifact):  # type: ignore[misc]
    """Files ``predictions-*.tsv``, ``by_label-*.tsv`` and ``by_word-*.tsv``."""

    TYPE_NAME = "PredictionLines"


class TextPredictionsSpec(ComponentSpec):  # type: ignore[misc]
    """Scored examples in, lines out."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        "text": ExecutionParameter(type=str),
        "label": ExecutionParameter(type=str),
        "score": ExecutionParameter(type=str),
        "word": ExecutionParameter(type=str),
        "threshold": ExecutionParameter(type=float),
        "least_texts": ExecutionParameter(type=int),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        EXAMPLES_KEY: ChannelParameter(type=standard_artifacts.Examples),
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        PREDICTIONS_KEY: ChannelParameter(type=PredictionLines),
    }


class TextPredictions(base_beam_component.BaseBeamComponent):  # type: ignore[misc]
    """Writes scored texts as lines, by Beam's text sink, with aggregates by label and by word.

    Component ``outputs`` contains ``predictions``, a channel of type ``PredictionLines``.
    """

    SPEC_CLASS = TextPredictionsSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        *,
        text: str | Any = "text",
        label: str | Any = "label",
        score: str | Any = "score",
        word: str | Any = r"\w+",
        threshold: float | Any = 0.5,
        least_texts: int | Any = 5,
    ) -> None:
        r"""Construct the component.

        Args:
            examples: with a score in each, as BulkInferrer writes them with an
                ``output_example_spec``.
            text: name of the feature that is the text; ``label`` and ``score`` likewise.
            word: a regular expression of a word, in small letters.
            threshold: of the score, from which on a text counts as positive.
            least_texts: words in fewer texts are left out.
        """
        super().__init__(
            spec=TextPredictionsSpec(
                examples=examples,
                text=text,
                label=label,
                score=score,
                word=word,
                threshold=threshold,
                least_texts=least_texts,
                predictions=types.Channel(type=PredictionLines),
            )
        )
