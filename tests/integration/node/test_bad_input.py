"""Bad data and bad user code: what the user is told, and that nothing is left of it."""

import contextlib
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import tensorflow as tf

from headrace.ir.store import current_ir
from headrace.launcher.client import JobFailed, run_node
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.launcher.protocol import Frame, LogFrame
from headrace.settings import Settings

pytestmark = pytest.mark.integration

TARGET = "tests/data/pipelines/bad_input.py:create_pipeline"
SOURCE = Path(__file__).parents[2] / "data" / "pipelines" / "bad_input.py"
HEADER = b"name,weight,heavy\n"
ROWS = b"".join(b"n%d,%d,%d\n" % (number, number, number % 2) for number in range(100))
HUGE = b"y" * 50_000_000


class Case:
    """Runs the pipeline's nodes on data of its own; what fails must leave nothing."""

    def __init__(self, settings: Settings, place: Path) -> None:
        self.settings, self.data = settings, place / "data"
        self.store = settings.home / "bad_input.sqlite"
        self.run_id = f"run-{uuid.uuid4().hex[:8]}"
        self.artifacts = Path(settings.artifact_root or settings.layout.artifacts)
        self.manifest = current_ir(TARGET, settings)
        self.frames: list[Frame] = []

    def write(self, content: bytes) -> Path:
        self.data.mkdir(exist_ok=True)
        file = self.data / "data.csv"
        file.write_bytes(content)
        return file

    def run(self, node: str, **functions: str) -> NodeResult:
        given = {k: f"tests.data.pipelines.bad_input.{v}" for k, v in functions.items()}
        parameters = {"data": str(self.data), **given}
        request = NodeRequest(
            ir_path=self.manifest.ir_path,
            node_id=node,
            run_id=self.run_id,
            parameters=dict(parameters),
            authored=parameters,  # by a DAG file, say: a run itself could not choose code
            metadata_url=f"sqlite:///{self.store}",
            import_path=list(self.manifest.import_path),
        )
        return run_node(self.settings, request, self.frames.append)

    def failure(self, node: str, **functions: str) -> JobFailed:
        before = self.files()
        with pytest.raises(JobFailed) as failed:
            self.run(node, **functions)
        assert self.files() == before
        assert "Traceback" not in failed.value.message
        return failed.value

    def files(self) -> set[Path]:
        """What all nodes have put out, beside TFX's own directories."""
        found = self.artifacts.rglob("*")
        return {path for path in found if path.is_file() and ".system" not in path.parts}

    def warnings(self) -> list[str]:
        frames = [frame for frame in self.frames if isinstance(frame, LogFrame)]
        return [frame.message for frame in frames if frame.level == "WARNING"]


@pytest.fixture
def case(settings: Settings, tmp_path: Path) -> Case:
    return Case(settings, tmp_path)


@pytest.fixture(scope="module")
def prepared(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """What comes before Transform has run, on sound data."""
    made = Case(settings, tmp_path_factory.mktemp("prepared"))
    made.write(HEADER + ROWS)
    for node in ("CsvExampleGen", "ImportSchemaGen"):
        made.run(node)
    return made


def values(result: NodeResult, feature: str) -> list[bytes]:
    files = sorted(map(str, Path(result.outputs[0].uri).glob("Split-*/*.gz")))
    records = tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()
    examples = [tf.train.Example.FromString(record) for record in records]
    return [example.features.feature[feature].bytes_list.value[0] for example in examples]


@pytest.mark.parametrize("node", ["CsvExampleGen", "ColumnarExampleGen"])
@pytest.mark.parametrize(
    ("content", "line"),
    [
        (HEADER + ROWS + b"short,1\n" + ROWS, "102: 2 fields where the header has 3: 'short,1'"),
        (HEADER + ROWS + b"caf\xe9,1,0\ncaf\xc3\xa9,1,0\n", "102: "),
    ],
    ids=["ragged", "of mixed encodings"],
)
def test_a_bad_row_is_named_by_file_and_line(
    case: Case, node: str, content: bytes, line: str
) -> None:
    file = case.write(content)
    failure = case.failure(node)
    assert f"node {node}: {file}:{line}" in failure.message
    assert "bad rows" in failure.hint


@pytest.mark.parametrize(
    "node", ["CsvExampleGen", "ColumnarExampleGen", "ColumnarExampleGenOfColumns"]
)
@pytest.mark.parametrize("content", [b"", HEADER], ids=["empty", "header only"])
def test_no_example_at_all_is_a_failure(case: Case, node: str, content: bytes) -> None:
    case.write(content)
    failure = case.failure(node)
    assert str(case.data) in failure.message


def test_examples_as_columns_are_examples(case: Case) -> None:
    case.write(HEADER + ROWS)
    assert case.run("ColumnarExampleGenOfColumns").state == "COMPLETE"


def test_no_example_at_all_can_be_allowed(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.write(HEADER)
    monkeypatch.setenv("HEADRACE_ALLOW_EMPTY_EXAMPLES", "true")
    assert case.run("CsvExampleGen").state == "COMPLETE"
    assert f"No example came of {case.data}/*" in case.warnings()


@pytest.mark.parametrize("node", ["CsvExampleGen", "ColumnarExampleGen"])
def test_nul_bytes_are_kept(case: Case, node: str) -> None:
    case.write(HEADER + ROWS + b"a\0b,1,0\n")
    assert b"a\0b" in values(case.run(node), "name")


def test_a_field_of_50_megabytes_is_kept_or_named(case: Case) -> None:
    file = case.write(HEADER + ROWS + HUGE + b",1,0\n")
    failure = case.failure("CsvExampleGen")
    assert f"{file}:102: field larger than field limit (131072): 'yyyy" in failure.message
    assert "ColumnarExampleGen" in failure.hint
    assert HUGE in values(case.run("ColumnarExampleGen"), "name")


def test_a_directory_that_is_not_there_is_named(case: Case) -> None:
    failure = case.failure("CsvExampleGen")
    assert f"{case.data}/* does not match any files" in failure.message
    assert "may this user read the directory?" in failure.hint


def test_the_author_s_line_is_told_not_beam_s_stack(prepared: Case) -> None:
    unknown = prepared.failure("Transform", preprocessing_fn="unknown_column_fn")
    line = 1 + SOURCE.read_text().splitlines().index('    return {"weight": inputs["wieght"]}')
    assert unknown.message == f"node Transform: {SOURCE}:{line}: KeyError: 'wieght'"
    raised = prepared.failure("Transform", preprocessing_fn="raising_fn")
    text = '        raise ValueError("the weight is negative")'
    line = 1 + SOURCE.read_text().splitlines().index(text)
    expected = f"node Transform: {SOURCE}:{line}: ValueError: the weight is negative"
    assert raised.message == expected


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (
            b"name,weight,heavy\n" + b"a,light,0\n" * 100,
            'Feature had wrong type, expected int64_list, found bytes_list for feature "weight"',
            "where the data and the schema differ",
        ),
        (b"name,heavy\n" + b"a,0\n" * 100, "handling tensor 'weight'", "no feature 'weight'"),
    ],
    ids=["another type", "a missing column"],
)
def test_data_that_the_schema_does_not_match(
    case: Case, content: bytes, message: str, hint: str
) -> None:
    case.write(content)
    for node in ("CsvExampleGen", "ImportSchemaGen"):
        case.run(node)
    failure = case.failure("Transform")
    assert message in failure.message
    assert hint in failure.hint


def test_an_input_whose_files_are_gone_is_named_with_what_to_do(case: Case) -> None:
    case.write(HEADER + ROWS)
    examples = case.run("CsvExampleGen").outputs[0]
    case.run("ImportSchemaGen")
    shutil.rmtree(examples.uri)
    failed = case.failure("Transform")
    assert (
        f"the files of Examples {examples.id}, its input examples, are gone: there is no "
        f"{examples.uri}"
    ) in failed.message
    assert f"bin/headrace lineage {examples.id}" in failed.hint


def test_a_model_that_is_not_saved_is_a_failure(prepared: Case) -> None:
    prepared.run("Transform")
    forgotten = prepared.failure("Trainer", run_fn="forgetful_run_fn")
    assert "fn_args.serving_model_dir" in forgotten.hint
    refused = prepared.failure("Trainer", run_fn="untracked_run_fn")
    assert f"{SOURCE}:" in refused.message
    assert "untracked" in refused.message


def test_a_label_that_is_never_positive_blesses_no_model(case: Case) -> None:
    case.write(HEADER + b"".join(b"n,%d,0\n" % number for number in range(100)))
    for node in ("CsvExampleGen", "ImportSchemaGen", "Transform", "Trainer"):
        case.run(node)
    result = case.run("Evaluator")
    [blessing] = [item for item in result.outputs if item.key == "blessing"]
    assert [path.name for path in Path(blessing.uri).iterdir()] == ["NOT_BLESSED"]
    assert "Not blessed: auc is 0; the threshold is at least 0.1" in case.warnings()


def test_a_new_metadata_store_does_not_mix_its_outputs_with_older_ones(
    settings: Settings, tmp_path: Path
) -> None:
    case = Case(replace(settings, artifact_root=str(tmp_path / "artifacts")), tmp_path)
    case.write(HEADER + ROWS)
    case.store = tmp_path / "old.sqlite"
    [old] = case.run("CsvExampleGen").outputs
    Path(old.uri, "Split-train", "data_tfrecord-00001-of-00002.gz").write_bytes(b"of the old one")
    case.store = tmp_path / "new.sqlite"
    result = case.run("CsvExampleGen")
    assert result.outputs[0].uri == old.uri
    assert len(values(result, "name")) == 100
    [aside] = Path(old.uri).parent.glob("1.set-aside-*")
    assert len(list(aside.glob("Split-*/*.gz"))) == 3
    assert any(str(aside) in warning for warning in case.warnings())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can make a file system to fill")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_told_as_one_and_a_retry_completes(
    settings: Settings, small_disk: Path, tmp_path: Path
) -> None:
    case = Case(replace(settings, artifact_root=str(small_disk)), tmp_path)
    case.store = tmp_path / "metadata.sqlite"
    case.write(HEADER + ROWS)
    filling = small_disk / "filling"
    with filling.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(1024)):
            pass
    failure = case.failure("CsvExampleGen")
    assert "no space was left on the disk" in failure.message
    assert f"MB at {small_disk}/bad_input" in failure.hint
    filling.unlink()
    assert len(values(case.run("CsvExampleGen"), "name")) == 100


def test_a_metadata_store_on_a_full_disk_is_told_as_one_and_a_retry_completes(
    case: Case, small_disk: Path
) -> None:
    case.store = small_disk / "metadata.sqlite"
    case.write(HEADER + ROWS)
    filling = small_disk / "filling"
    # Room for the tables, not for what a node records.
    filling.write_bytes(bytes(724 * 1024))
    with pytest.raises(JobFailed) as failed:
        case.run("CsvExampleGen")
    told = f"node CsvExampleGen: metadata store sqlite:///{case.store}: database or disk is full"
    assert failed.value.message == told
    assert "its disk is full: make room" in failed.value.hint
    filling.unlink()
    assert len(values(case.run("CsvExampleGen"), "name")) == 100
