"""Makes ``tf.saved_model.save`` write Keras 3 models that every loader can restore.

A Keras 3 variable wraps one of TensorFlow's. When a model is saved, Keras puts the wrapped variable
into the exported graph and then makes a second one for the wrapper. The signatures read the first;
the restore operation, by the object graph, fills the second. ``tf.saved_model.load`` does not mind,
but what restores with that operation finds no value: TensorFlow 1's loader, ``saved_model_cli``,
and TensorFlow Serving, which is where Pusher's models go ("Could not find variable dense/kernel";
keras issues 19274 and 20096, serving issue 2250). Here the wrapper is given the first.
"""

from __future__ import annotations

import functools
from typing import Any

KNOWN_VERSIONS = ("3.15",)
"""Of Keras, where this was seen and tested; any other is left as it is."""


def mend_keras_export() -> bool:
    """Change how Keras 3 exports a variable, in this process; return whether it was changed."""
    import keras

    if not keras.__version__.startswith(tuple(f"{version}." for version in KNOWN_VERSIONS)):
        return False
    if keras.backend.backend() != "tensorflow":
        return False
    from keras.src.backend.tensorflow.core import Variable

    export = Variable._export_to_saved_model_graph
    if not hasattr(export, "__wrapped__"):
        Variable._export_to_saved_model_graph = functools.wraps(export)(_mended)
    return True


def _mended(self: Any, object_map: Any, tensor_map: Any, options: Any, **kwargs: Any) -> Any:
    resources = self.value._export_to_saved_model_graph(object_map, tensor_map, options, **kwargs)
    object_map[self] = object_map[self.value]
    return resources
