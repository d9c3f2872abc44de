"""Penguins is plain TFX: it runs under TFX's own LocalDagRunner, without headrace's engine."""

import csv
import re
from collections import Counter
from pathlib import Path

import ml_metadata as mlmd
import pytest
import tensorflow as tf
import tensorflow_model_analysis as tfma
from tfx import v1 as tfx

from pipelines.penguins import data
from pipelines.penguins.pipeline import ACCURACY_AT_LEAST, create_pipeline

pytestmark = pytest.mark.integration


class Run:
    """One root and store; each call of ``again`` is a run of the whole pipeline."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = tfx.orchestration.metadata.sqlite_metadata_connection_config(
            str(root / "metadata.sqlite")
        )

    def again(self) -> None:
        pipeline = create_pipeline(
            pipeline_root=str(self.root / "artifacts"), metadata_connection_config=self.config
        )
        tfx.orchestration.LocalDagRunner().run(pipeline)

    def newest(self, kind: str) -> str:
        found = mlmd.MetadataStore(self.config).get_artifacts_by_type(kind)
        return max(found, key=lambda artifact: artifact.id).uri


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("local"))
    run.again()
    return run


def raw_examples(run: Run, split: str) -> list[tf.train.Example]:
    store = mlmd.MetadataStore(run.config)
    first = min(store.get_artifacts_by_type("Examples"), key=lambda artifact: artifact.id)
    files = tf.io.gfile.glob(f"{first.uri}/Split-{split}/*")
    records = tf.data.TFRecordDataset(files, "GZIP")
    return [tf.train.Example.FromString(record) for record in records.as_numpy_iterator()]


def test_its_sources_import_nothing_of_headrace() -> None:
    sources = list(Path(data.__file__).parent.glob("*.py"))
    assert len(sources) > 4
    for source in sources:
        assert not re.search(r"^\s*(import|from) headrace", source.read_text(), re.MULTILINE)


def test_every_bird_is_in_one_split(run: Run) -> None:
    species = Counter(
        example.features.feature["species"].bytes_list.value[0].decode()
        for split in ("train", "eval")
        for example in raw_examples(run, split)
    )
    with data.source_file().open(newline="") as file:
        assert species == Counter(row["species"] for row in csv.DictReader(file))


def test_numbers_are_numbers_and_missing_values_are_missing(run: Run) -> None:
    birds = raw_examples(run, "train") + raw_examples(run, "eval")
    masses = [bird.features.feature["body_mass_g"] for bird in birds]
    assert {mass.WhichOneof("kind") for mass in masses} <= {"int64_list", None}
    assert sum(not mass.int64_list.value for mass in masses) == 2


def test_the_model_is_good_enough_blessed_and_pushed(run: Run) -> None:
    result = tfma.load_eval_result(run.newest("ModelEvaluation"))
    overall = dict(result.slicing_metrics)[()][""][""]
    assert overall["sparse_categorical_accuracy"]["doubleValue"] >= max(0.95, ACCURACY_AT_LEAST)
    assert tf.io.gfile.exists(f"{run.newest('ModelBlessing')}/BLESSED")
    assert tf.io.gfile.listdir(str(run.root / "artifacts" / "serving" / "penguins"))


def test_evaluator_slices_by_island_and_sex(run: Run) -> None:
    result = tfma.load_eval_result(run.newest("ModelEvaluation"))
    columns = {column for key, _ in result.slicing_metrics for column, _ in key}
    assert columns == {"island", "sex"}


def test_the_pushed_model_names_the_species_of_real_birds(run: Run) -> None:
    serving = run.root / "artifacts" / "serving" / "penguins"
    [version] = tf.io.gfile.listdir(str(serving))
    serve = tf.saved_model.load(str(serving / version)).signatures["serving_default"]
    birds = raw_examples(run, "eval")
    truth = [bird.features.feature["species"].bytes_list.value[0] for bird in birds]
    for bird in birds:
        del bird.features.feature["species"]
    answer = serve(examples=tf.constant([bird.SerializeToString() for bird in birds]))
    named = answer["species"].numpy().tolist()
    assert sum(map(bytes.__eq__, named, truth)) / len(truth) >= 0.95
    assert answer["probabilities"].shape == (len(birds), 3)
