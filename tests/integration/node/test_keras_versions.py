"""A pipeline with everything that depends on Keras, with each version of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headrace.ir.manifest import Manifest
from headrace.ir.store import current_ir
from headrace.launcher.client import run_node
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.settings import Keras, LauncherMode, Settings

pytestmark = pytest.mark.integration

PROJECT = Path(__file__).parents[3]
TARGET = PROJECT / "tests/data/pipelines/straight_line/line_pipeline.py"
NODES = ("CsvExampleGen", "Tuner", "Trainer", "Evaluator", "BulkInferrer", "Pusher")


class Line:
    """Runs nodes of the straight line pipeline against one store."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder = settings, folder
        self.manifest: Manifest = current_ir(f"{TARGET}:create_pipeline", settings)

    def run(self, node: str, keras: Keras, settings: Settings | None = None) -> NodeResult:
        request = NodeRequest(
            ir_path=self.manifest.ir_path,
            node_id=node,
            run_id=f"with-{keras.value}",
            metadata_url=f"sqlite:///{self.folder / 'metadata.sqlite'}",
            import_path=list(self.manifest.import_path),
            keras=keras.value,
        )
        return run_node(settings or self.settings, request, lambda _: None)

    def kept(self, result: NodeResult) -> Any:
        import ml_metadata as mlmd
        from ml_metadata.proto import metadata_store_pb2 as pb

        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = str(self.folder / "metadata.sqlite")
        store = mlmd.MetadataStore(config)
        return store.get_executions_by_id([result.execution_id])[0].custom_properties


@pytest.fixture(scope="module")
def line(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("line")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRAIGHT_LINE_SERVING", str(folder / "serving"))
        yield Line(settings, folder)


@pytest.fixture(scope="module", params=list(Keras))
def ran(request: pytest.FixtureRequest, line: Line) -> tuple[Line, Keras, dict[str, NodeResult]]:
    return line, request.param, {node: line.run(node, request.param) for node in NODES}


def uri(result: NodeResult, key: str) -> Path:
    return Path(next(output.uri for output in result.outputs if output.key == key))


def test_every_node_runs_and_its_keras_is_kept_with_it(
    ran: tuple[Line, Keras, dict[str, NodeResult]],
) -> None:
    line, keras, results = ran
    assert {result.state for result in results.values()} <= {"COMPLETE", "CACHED"}
    assert {result.keras for result in results.values()} == {keras.value}
    kept = [line.kept(result)["headrace_keras"].string_value for result in results.values()]
    assert kept == [keras.value] * len(NODES)


def test_user_code_runs_again_with_another_keras_and_the_rest_is_cached(
    ran: tuple[Line, Keras, dict[str, NodeResult]],
) -> None:
    _, keras, results = ran
    assert not results["Tuner"].cached
    assert not results["Trainer"].cached
    assert results["CsvExampleGen"].cached == (keras is list(Keras)[1])


def test_the_model_is_of_the_chosen_keras(
    ran: tuple[Line, Keras, dict[str, NodeResult]],
) -> None:
    _, keras, results = ran
    model = uri(results["Trainer"], "model") / "Format-Serving" / "saved_model.pb"
    # The name that Keras 2 gives its models in the object graph.
    assert (b"_tf_keras_network" in model.read_bytes()) == (keras is Keras.TWO)


def test_bulk_inference_gives_what_the_model_gives(
    ran: tuple[Line, Keras, dict[str, NodeResult]],
) -> None:
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    _, _, results = ran
    files = sorted(map(str, uri(results["BulkInferrer"], "inference_result").glob("*.gz")))
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log
        for record in tf.data.TFRecordDataset(files, compression_type="GZIP")
    ]
    examples = [log.request.inputs["examples"].string_val[0] for log in logs]
    inferred = [tf.make_ndarray(log.response.outputs["outputs"])[0] for log in logs]
    assert len(examples) == 60
    model = tf.saved_model.load(str(uri(results["Trainer"], "model") / "Format-Serving"))
    directly = model.signatures["serving_default"](examples=tf.constant(examples))
    # Batches are of other sizes, which may change the last bit.
    np.testing.assert_allclose(inferred, directly["outputs"].numpy(), rtol=1e-6)


def test_the_blessed_model_is_pushed_and_restored_as_serving_does(
    ran: tuple[Line, Keras, dict[str, NodeResult]],
) -> None:
    import tensorflow as tf

    _, _, results = ran
    assert (uri(results["Evaluator"], "blessing") / "BLESSED").exists()
    pushed = uri(results["Pusher"], "pushed_model")
    example = tf.train.Example()
    example.features.feature["x"].float_list.value.append(1.5)
    with tf.compat.v1.Session(graph=tf.compat.v1.Graph()) as session:
        graph = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(pushed))
        signature = graph.signature_def["serving_default"]
        fed = {signature.inputs["examples"].name: [example.SerializeToString()]}
        [[predicted]] = session.run(signature.outputs["outputs"].name, fed)
    assert predicted == pytest.approx(2.0, abs=0.5)


def test_a_subprocess_has_the_chosen_keras_too(line: Line, tmp_path: Path) -> None:
    alone = Line(replace(line.settings, launcher=LauncherMode.SUBPROCESS), tmp_path)
    alone.run("CsvExampleGen", Keras.TWO, line.settings)
    tuned = alone.run("Tuner", Keras.TWO)
    assert (tuned.state, tuned.keras) == ("COMPLETE", "2")
