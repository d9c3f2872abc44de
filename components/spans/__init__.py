"""Resolvers of daily data and of the models made from it. docs/retraining.md says how to use them.

They have one name, ``headrace.components.spans``, however they are imported, because TFX records a
strategy's import path in the pipeline.
"""

from headrace.components.spans.models import LatestModelBefore
from headrace.components.spans.pushed import LatestPushedModel
from headrace.components.spans.window import SpanWindow

__all__ = ["LatestModelBefore", "LatestPushedModel", "SpanWindow"]
