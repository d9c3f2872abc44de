"""What to do about errors of TFX and its libraries that do not say so themselves."""

from __future__ import annotations

import re

_SCHEMA = "ExampleValidator's anomalies list where the data and the schema differ"
_HINTS = (
    (r"Feature had wrong type, expected \w+, found \w+ for feature", _SCHEMA),
    (r"Feature: \w+ \(data type: \w+\) is required but could not be found", _SCHEMA),
    (
        r"Error raised when handling tensor '(?P<name>[^']+)'",
        "examples have no feature '{name}', or not of the schema's type and shape; " + _SCHEMA,
    ),
    (
        r"run_fn failed to generate model",
        "run_fn has to save a model in fn_args.serving_model_dir",
    ),
    (
        r"Split pattern .* does not match any files",
        "is the path right, and may this user read the directory?",
    ),
)


def hint_on(text: str) -> str:
    """The hint on an error's message; empty if there is none."""
    for pattern, hint in _HINTS:
        found = re.search(pattern, text)
        if found:
            return hint.format(**found.groupdict())
    return ""
