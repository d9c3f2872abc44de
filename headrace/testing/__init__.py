"""Tests of TFX components with pytest: the fixtures come by themselves, the readers from here.

The fixtures are in ``headrace.testing.plugin``. docs/testing.md teaches both.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.testing.pipelines import CheckedPipeline, PipelineProblems
    from headrace.testing.preprocessing import Preprocessed, Skew
    from headrace.testing.readers import (
        Blessing,
        anomalies,
        blessing,
        examples_frame,
        metrics,
        predictions,
        schema_of,
        statistics_frame,
    )
    from headrace.testing.results import Result
    from headrace.testing.workbench import Workbench

# pytest loads the plugin in every session, also where there is no TFX: nothing is imported before
# it is asked for.
_MODULES = {
    "Blessing": "readers",
    "CheckedPipeline": "pipelines",
    "PipelineProblems": "pipelines",
    "Preprocessed": "preprocessing",
    "Result": "results",
    "Skew": "preprocessing",
    "Workbench": "workbench",
    "anomalies": "readers",
    "blessing": "readers",
    "examples_frame": "readers",
    "metrics": "readers",
    "predictions": "readers",
    "schema_of": "readers",
    "statistics_frame": "readers",
}

__all__ = [
    "Blessing",
    "CheckedPipeline",
    "PipelineProblems",
    "Preprocessed",
    "Result",
    "Skew",
    "Workbench",
    "anomalies",
    "blessing",
    "examples_frame",
    "metrics",
    "predictions",
    "schema_of",
    "statistics_frame",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
