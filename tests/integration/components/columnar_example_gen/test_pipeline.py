"""The component in a pipeline, under TFX's own LocalDagRunner, with TFX's components after it."""

import json
import os
from pathlib import Path

import ml_metadata as mlmd
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import v1 as tfx
from tfx.components import CsvExampleGen
from tfx.proto import example_gen_pb2

from components.columnar_example_gen import ColumnarExampleGen as FromTheCheckout
from headrace.components.columnar_example_gen import ColumnarExampleGen
from pipelines.penguins import data

pytestmark = pytest.mark.integration


class Runs:
    """Runs pipelines over one store."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._store = str(place / "metadata.sqlite")

    def run(self, *components) -> None:
        pipeline = tfx.dsl.Pipeline(
            pipeline_name="columnar",
            pipeline_root=str(self.place / "artifacts"),
            components=list(components),
            enable_cache=True,
            metadata_connection_config=(
                tfx.orchestration.metadata.sqlite_metadata_connection_config(self._store)
            ),
            beam_pipeline_args=[
                "--runner=headrace.node.direct_runner.DirectRunner",
                "--sdk_container_image=none",
            ],
        )
        tfx.orchestration.LocalDagRunner().run(pipeline)

    def artifacts(self, kind: str):
        config = tfx.orchestration.metadata.sqlite_metadata_connection_config(self._store)
        found = mlmd.MetadataStore(config).get_artifacts_by_type(kind)
        return sorted(found, key=lambda artifact: artifact.id)


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "runs")


def properties(artifact):
    found = {
        name: getattr(value, value.WhichOneof("value"))
        for name, value in artifact.custom_properties.items()
    }
    return {name: value for name, value in found.items() if name not in ("name", "bad_rows")}


def test_the_component_has_one_name():
    assert FromTheCheckout is ColumnarExampleGen
    name = "headrace.components.columnar_example_gen.executor"
    assert ColumnarExampleGen.EXECUTOR_SPEC.executor_class.__module__ == name


def test_spans_fingerprint_properties_and_statistics_are_csv_example_gens(runs, tmp_path):
    source = data.stage(tmp_path / "data") / data.FILE_NAME
    for day in ("2024-01-02", "2024-01-03"):
        folder = tmp_path / "daily" / day
        folder.mkdir(parents=True)
        (folder / "penguins.csv").write_text(source.read_text())
    split = example_gen_pb2.Input.Split(name="all", pattern="{YYYY}-{MM}-{DD}/*")
    config = example_gen_pb2.Input(splits=[split])
    base = str(tmp_path / "daily")
    ours = ColumnarExampleGen(input_base=base, input_config=config)
    stock = CsvExampleGen(input_base=base, input_config=config)
    of_ours = tfx.components.StatisticsGen(examples=ours.outputs["examples"]).with_id("ours")
    of_stock = tfx.components.StatisticsGen(examples=stock.outputs["examples"]).with_id("stock")
    columns = ColumnarExampleGen(
        input_base=base,
        input_config=config,
        output_data_format=example_gen_pb2.FORMAT_PARQUET,
    ).with_id("columns")
    of_columns = tfx.components.StatisticsGen(examples=columns.outputs["examples"]).with_id("cs")
    schema = tfx.components.SchemaGen(statistics=of_columns.outputs["statistics"])
    module = tmp_path / "preprocessing.py"
    module.write_text(
        "import tensorflow_transform as tft\n"
        "def preprocessing_fn(inputs):\n"
        "    return {'island': tft.compute_and_apply_vocabulary(inputs['island'])}\n"
    )
    transform = tfx.components.Transform(
        examples=columns.outputs["examples"],
        schema=schema.outputs["schema"],
        module_file=str(module),
    )
    typed = ColumnarExampleGen(
        input_base=base, input_config=config, schema=schema.outputs["schema"]
    ).with_id("typed")
    runs.run(ours, stock, columns, of_ours, of_stock, of_columns, schema, transform, typed)

    by_id = {artifact.uri.split("/")[-3]: artifact for artifact in runs.artifacts("Examples")}
    expected = properties(by_id["CsvExampleGen"])
    assert expected["span"] == 19725
    assert properties(by_id["ColumnarExampleGen"]) == expected
    parquet = {"payload_format": "FORMAT_PARQUET", "file_format": "FILE_FORMAT_PARQUET"}
    assert properties(by_id["columns"]) == {**expected, **parquet}
    report = json.loads(Path(by_id["typed"].uri, "ingestion.json").read_text())
    assert report["features"]["all"]["body_mass_g"] == "INT (given)"

    statistics = {one.uri.split("/")[-3]: one.uri for one in runs.artifacts("ExampleStatistics")}
    for name in ("train", "eval"):
        ours_, stock_, columns_ = (
            tfdv.load_stats_binary(f"{statistics[one]}/Split-{name}/FeatureStats.pb")
            for one in ("ours", "stock", "cs")
        )
        assert ours_.datasets[0].num_examples > 50
        assert ours_ == stock_
        assert _summary(columns_) == _summary(stock_)
    islands = pq.read_table(f"{by_id['Transform'].uri}/Split-train")["island"].to_pylist()
    assert {index for [index] in islands} == {0, 1, 2}
    assert len(islands) == report["rows"]["Split-train"]


def _summary(statistics):
    return {
        feature.path.step[0]: (feature.type, feature.num_stats.mean, feature.string_stats.unique)
        for feature in statistics.datasets[0].features
    }


def test_a_changed_file_in_a_directory_is_read_again(runs, tmp_path):
    for span in (1, 2):
        (tmp_path / "data" / f"span-{span}" / "part").mkdir(parents=True)
        (tmp_path / "data" / f"span-{span}" / "part" / "a.csv").write_text(f"a\n{span}\n")
    schema = schema_pb2.Schema()
    schema.feature.add(name="a", type=schema_pb2.FLOAT)

    def run():
        split = example_gen_pb2.Input.Split(name="all", pattern="span-{SPAN}")
        runs.run(
            ColumnarExampleGen(
                input_base=str(tmp_path / "data"),
                input_config=example_gen_pb2.Input(splits=[split]),
                output_config=example_gen_pb2.Output(
                    split_config=example_gen_pb2.SplitConfig(
                        splits=[example_gen_pb2.SplitConfig.Split(name="all", hash_buckets=1)]
                    )
                ),
                schema=schema,
                compression="none",
            )
        )
        artifacts = runs.artifacts("Examples")
        records = tf.data.TFRecordDataset(tf.io.gfile.glob(f"{artifacts[-1].uri}/Split-all/*"))
        rows = [tf.train.Example.FromString(record) for record in records.as_numpy_iterator()]
        values = [list(row.features.feature["a"].float_list.value) for row in rows]
        return len(artifacts), properties(artifacts[-1])["span"], values

    changed = tmp_path / "data" / "span-2" / "part" / "a.csv"
    os.utime(changed, (1, 1))
    assert run() == (1, 2, [[2.0]])
    assert run() == (1, 2, [[2.0]])
    changed.write_text("a\n3\n4\n")
    assert run() == (2, 2, [[3.0], [4.0]])
