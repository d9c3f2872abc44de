"""Lets ``tfx_bsl`` run inference with SavedModels that a session of TensorFlow 1 cannot restore.

``tfx_bsl``, and so TFX's BulkInferrer, loads a model into a session with TensorFlow 1's loader. In
a model that was saved as ``keras_export`` describes, that leaves the variables that the signatures
read without values: "Could not find variable dense/kernel". ``tf.saved_model.load`` restores
through the object graph instead, and reaches every variable.

A model is loaded as ever, and once more in the other way only where a signature reads a variable
that was left without a value.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from typing import Any

LoadModel = Callable[[str, Sequence[str]], Any]


def adapt_tfx_bsl() -> None:
    """Give ``tfx_bsl`` our loader wherever its caller names none; a second call does nothing."""
    from tfx_bsl.beam import run_inference

    create = run_inference.create_model_handler
    if hasattr(create, "__wrapped__"):
        return

    @functools.wraps(create)
    def create_model_handler(specification: Any, load: LoadModel | None, project: Any) -> Any:
        handler = create(specification, load, project)
        if load is None and isinstance(handler, run_inference._BaseSavedModelHandler):
            handler._load_override_fn = make_loader(copy.copy(handler))
        return handler

    run_inference.create_model_handler = create_model_handler


def make_loader(handler: Any) -> LoadModel:
    """Return what loads the model of ``handler``, one of ``tfx_bsl``'s without a loader of its own.

    All of it is nested in this function, so that Beam ships it by value: its workers need not have
    headrace.
    """

    def load(path: str, tags: Sequence[str]) -> Any:
        import tensorflow as tf

        session = handler.load_model()
        signatures = [item.signature_def for item in handler._signatures]
        if all(session.run(has_value(session.graph, signatures))):
            return session
        session.close()
        model = tf.saved_model.load(path, tags=list(tags))
        return RestoredModel(model, {item.name: item.signature_def for item in handler._signatures})

    def has_value(graph: Any, signatures: list[Any]) -> list[Any]:
        """Operations that say for each variable that a signature reads whether it has a value."""
        import tensorflow as tf

        outputs = [output.name for item in signatures for output in item.outputs.values()]
        todo = [graph.get_tensor_by_name(name).op for name in outputs]
        seen, variables = set(todo), []
        while todo:
            operation = todo.pop()
            if operation.type == "VarHandleOp":
                variables.append(operation.outputs[0])
            before = {tensor.op for tensor in operation.inputs}.union(operation.control_inputs)
            todo.extend(before - seen)
            seen |= before
        with graph.as_default():
            return [tf.raw_ops.VarIsInitializedOp(resource=variable) for variable in variables]

    class RestoredModel:
        """A model with the one method of a session that ``tfx_bsl`` calls."""

        def __init__(self, model: Any, signatures: dict[str, Any]) -> None:
            self._model = model
            self._signatures = signatures

        def run(self, fetches: Any, feed_dict: dict[str, Any]) -> dict[str, Any]:
            import tensorflow as tf

            [examples] = feed_dict.values()
            found: dict[str, Any] = {}
            for name, signature in self._signatures.items():
                [argument] = signature.inputs
                found |= self._model.signatures[name](**{argument: tf.constant(examples)})
            return {alias: found[alias].numpy() for alias in fetches}

    return load
