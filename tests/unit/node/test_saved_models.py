"""Inference by ``tfx_bsl``, with models of both versions of Keras, as Beam would call it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
import tensorflow as tf
from tfx_bsl.beam import run_inference
from tfx_bsl.public.proto import model_spec_pb2

from headrace.node.keras_export import mend_keras_export
from headrace.node.saved_models import adapt_tfx_bsl

EXAMPLES = [
    tf.train.Example(
        features=tf.train.Features(
            feature={"x": tf.train.Feature(float_list=tf.train.FloatList(value=[value]))}
        )
    ).SerializeToString()
    for value in (-1.0, 0.5, 2.0)
]


@pytest.fixture(autouse=True)
def as_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test starts from Keras and tfx_bsl as they are, also where nodes ran in this process."""
    from keras.src.backend.tensorflow.core import Variable

    for owner, name in (
        (Variable, "_export_to_saved_model_graph"),
        (run_inference, "create_model_handler"),
    ):
        changed = getattr(owner, name)
        monkeypatch.setattr(owner, name, getattr(changed, "__wrapped__", changed))


def save(keras: Any, folder: Path) -> Callable[[list[bytes]], Any]:
    """Save a small model as TFX's examples do, and return what its signature computes."""
    inputs = keras.layers.Input(shape=(1,), name="x")
    hidden = keras.layers.Dense(4, activation="tanh")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2)(hidden))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(serialized: Any) -> dict[str, Any]:
        parsed = tf.io.parse_example(serialized, {"x": tf.io.FixedLenFeature([1], tf.float32)})
        return {"outputs": model(parsed["x"])}

    tf.saved_model.save(model, str(folder), signatures={"serving_default": serve})
    return lambda examples: serve(tf.constant(examples))["outputs"].numpy()


def keras_2() -> Any:
    import tf_keras

    return tf_keras


def keras_3() -> Any:
    import keras

    return keras


def handler_for(folder: Path) -> Any:
    specification = model_spec_pb2.InferenceSpecType()
    specification.saved_model_spec.model_path = str(folder)
    return run_inference.create_model_handler(specification, None, None)


def infer(handler: Any) -> Any:
    logs = handler.run_inference(EXAMPLES, handler.load_model())
    outputs = [log.predict_log.response.outputs["outputs"] for log in logs]
    return np.concatenate([tf.make_ndarray(output) for output in outputs])


def test_tfx_bsl_alone_cannot_run_a_keras_3_model(tmp_path: Path) -> None:
    save(keras_3(), tmp_path)
    with pytest.raises(tf.errors.FailedPreconditionError, match="Could not find variable"):
        infer(handler_for(tmp_path))


@pytest.mark.parametrize("version", [keras_2, keras_3])
def test_inference_gives_what_the_model_gives(version: Callable[[], Any], tmp_path: Path) -> None:
    expected = save(version(), tmp_path)(EXAMPLES)
    adapt_tfx_bsl()
    adapt_tfx_bsl()
    np.testing.assert_array_equal(infer(handler_for(tmp_path)), expected)


def test_only_a_model_that_a_session_cannot_restore_is_loaded_otherwise(tmp_path: Path) -> None:
    save(keras_2(), tmp_path / "2")
    save(keras_3(), tmp_path / "3")
    adapt_tfx_bsl()
    assert isinstance(handler_for(tmp_path / "2").load_model(), tf.compat.v1.Session)
    assert not isinstance(handler_for(tmp_path / "3").load_model(), tf.compat.v1.Session)


def test_a_loader_that_the_caller_names_is_kept(tmp_path: Path) -> None:
    save(keras_3(), tmp_path)
    adapt_tfx_bsl()
    specification = model_spec_pb2.InferenceSpecType()
    specification.saved_model_spec.model_path = str(tmp_path)
    handler = run_inference.create_model_handler(
        specification, lambda path, tags: (path, tags), None
    )
    assert handler.load_model() == (str(tmp_path), ["serve"])


def test_a_beam_worker_without_headrace_runs_the_handler(tmp_path: Path) -> None:
    expected = save(keras_3(), tmp_path / "model")(EXAMPLES)
    adapt_tfx_bsl()
    shipped = tmp_path / "handler.pickle"
    shipped.write_bytes(cloudpickle.dumps((handler_for(tmp_path / "model"), EXAMPLES)))
    program = f"""
import sys
sys.modules["headrace"] = None
import cloudpickle, numpy, tensorflow as tf
handler, examples = cloudpickle.loads(open({str(shipped)!r}, "rb").read())
logs = handler.run_inference(examples, handler.load_model())
rows = [tf.make_ndarray(log.predict_log.response.outputs["outputs"]) for log in logs]
numpy.save({str(tmp_path / "rows.npy")!r}, numpy.concatenate(rows))
"""
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, cwd=tmp_path)
    np.testing.assert_array_equal(np.load(tmp_path / "rows.npy"), expected)


def test_a_model_saved_by_a_mended_keras_is_restored_by_a_session(tmp_path: Path) -> None:
    assert mend_keras_export()
    expected = save(keras_3(), tmp_path)(EXAMPLES)
    np.testing.assert_array_equal(infer(handler_for(tmp_path)), expected)
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    np.testing.assert_array_equal(
        loaded(examples=tf.constant(EXAMPLES))["outputs"].numpy(), expected
    )


def test_another_version_of_keras_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras
    from keras.src.backend.tensorflow.core import Variable

    export = Variable._export_to_saved_model_graph
    monkeypatch.setattr(keras, "__version__", "3.150.0")
    assert not mend_keras_export()
    assert Variable._export_to_saved_model_graph is export
