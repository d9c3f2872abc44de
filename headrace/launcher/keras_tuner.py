"""Lets KerasTuner, and so TFX's Tuner, work with models of Keras 2."""

from __future__ import annotations

import importlib
import os
import sys

from headrace.settings import Keras, keras_of


def import_keras_tuner() -> None:
    """Import KerasTuner for the Keras that ``tf.keras`` is; to be called before TFX is imported.

    When it is imported, KerasTuner chooses between ``keras`` and ``tf.keras`` by the version of the
    package ``keras``. That is 3 also where ``tf.keras`` is 2, and it would then refuse every model
    of the pipeline.
    """
    if keras_of(os.environ) is not Keras.TWO or "keras_tuner" in sys.modules:
        return
    keras = importlib.import_module("keras")
    version = keras.version
    keras.version = lambda: Keras.TWO.value  # type: ignore[attr-defined]
    try:
        importlib.import_module("keras_tuner")
    finally:
        keras.version = version  # type: ignore[attr-defined]
