"""What is written for a pipeline, by real TFX."""

import json
import os
import stat
import subprocess
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path

import pytest

from headrace.graph.entities import ParameterType, RuntimeParameter
from headrace.graph.reader import read_graph
from headrace.launcher.jobs import CompileRequest
from tests.integration.compiler.conftest import Author

pytestmark = pytest.mark.integration

PROJECT = Path(__file__).parents[3]
EVERY_KIND = "tests/data/pipelines/every_kind.py:create_pipeline"


@pytest.fixture
def here(tmp_path: Path) -> Author:
    return Author(PROJECT, tmp_path / "home")


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    processes = []
    for seed in ("1", "2"):
        request = CompileRequest(EVERY_KIND, str(PROJECT), str(tmp_path / seed), str(tmp_path))
        environ = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(PROJECT)}
        process = subprocess.Popen(
            [sys.executable, "-m", "headrace.compiler"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environ,
            text=True,
        )
        processes.append((process, json.dumps(asdict(request))))
    answers = [json.loads(process.communicate(said)[0]) for process, said in processes]
    one, two = (Path(answer["ir_path"]).read_bytes() for answer in answers)
    assert one == two
    assert answers[0]["key"] == answers[1]["key"]
    # tensorflow_transform sets the variable when it is imported: that is no choice of the author's.
    assert [answer["keras"] for answer in answers] == ["", ""]


@pytest.mark.parametrize(
    ("line", "keras"),
    [
        ('os.environ["TF_USE_LEGACY_KERAS"] = "1"', "2"),
        ('os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")', "3"),
        ("", ""),
    ],
)
def test_the_keras_that_a_pipeline_chooses_itself_is_recorded(
    author: Author, line: str, keras: str
) -> None:
    source = (PROJECT / "tests/data/pipelines/tiny.py").read_text()
    author.write("chooses.py", f"import os\n{line}\n{source}")
    manifest = author.compile("chooses.py:create_pipeline", {"TF_USE_LEGACY_KERAS": "1"})
    assert (manifest.failure, manifest.keras) == (None, keras)


def test_a_metadata_connection_of_the_pipelines_own_is_kept_apart(author: Author) -> None:
    author.write(
        "pipeline.py",
        """
        from ml_metadata.proto import metadata_store_pb2
        from tfx import v1 as tfx

        def create_pipeline():
            config = metadata_store_pb2.ConnectionConfig()
            config.mysql.host, config.mysql.user = "db.internal", "tfx"
            config.mysql.password = "hun" + "ter2"
            examples = tfx.components.CsvExampleGen(input_base="/data")
            return tfx.dsl.Pipeline(
                pipeline_name="p", components=[examples], metadata_connection_config=config
            )
        """,
    )
    manifest = author.compile("pipeline.py:create_pipeline")
    assert manifest.failure is None
    assert manifest.has_own_metadata
    holding = [file for file in author.home.rglob("*") if file.is_file() and _holds(file)]
    assert [file.name for file in holding] == ["metadata_connection.json"]
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600
    assert "db.internal" not in manifest.ir.read_text()


def _holds(file: Path) -> bool:
    return b"hunter2" in file.read_bytes()


def test_a_relative_sqlite_store_of_the_pipelines_own_is_below_the_project(author: Author) -> None:
    author.write(
        "pipeline.py",
        """
        from tfx import v1 as tfx

        def create_pipeline():
            store = tfx.orchestration.metadata.sqlite_metadata_connection_config("m.sqlite")
            examples = tfx.components.CsvExampleGen(input_base="/data")
            return tfx.dsl.Pipeline("p", components=[examples], metadata_connection_config=store)
        """,
    )
    manifest = author.compile("pipeline.py:create_pipeline")
    kept = (manifest.ir.parent / "metadata_connection.json").read_text()
    assert str(author.project / "m.sqlite") in kept


def test_parameters_of_every_type_and_their_defaults_survive(here: Author) -> None:
    graph = read_graph(here.compile(EVERY_KIND).ir)
    kinds = {item.name: (item.type, item.default) for item in graph.parameters}
    assert kinds == {
        "train_args": (ParameterType.STR, '{"num_steps": 10}'),
        "eval_config": (ParameterType.STR, None),
        "text": (ParameterType.STR, ""),
        "times": (ParameterType.INT, 0),
        "volume": (ParameterType.FLOAT, 0.5),
        "aloud": (ParameterType.BOOL, True),
    }
    assert RuntimeParameter("times", ParameterType.INT, 0, ("Announce",)) in graph.parameters


def test_a_module_file_and_its_siblings_are_packaged(here: Author) -> None:
    manifest = here.compile(EVERY_KIND)
    assert len(manifest.products) == 2
    for product in manifest.products:
        with zipfile.ZipFile(product) as wheel:
            assert wheel.testzip() is None
            assert {"birds_code.py", "birds_names.py"} <= set(wheel.namelist())
    [trainer] = [
        node["pipelineNode"]
        for node in json.loads(manifest.ir.read_text())["nodes"]
        if node["pipelineNode"]["nodeInfo"]["id"] == "Trainer"
    ]
    path = trainer["parameters"]["parameters"]["module_path"]["fieldValue"]["stringValue"]
    assert path.startswith("birds_code@")
    assert path.partition("@")[2] in manifest.products


def test_a_module_files_wheel_has_the_name_that_tfx_gives_it(here: Author, tmp_path: Path) -> None:
    from tfx.components.util import udf_utils

    module_file = PROJECT / "tests/data/pipelines/user_code/birds_code.py"
    copied = tmp_path / "copy"
    copied.mkdir()
    for sibling in module_file.parent.glob("*.py"):
        (copied / sibling.name).write_bytes(sibling.read_bytes())
    own, _ = udf_utils.package_user_module_file(
        "Trainer", str(copied / module_file.name), str(tmp_path)
    )
    ours = [p for p in here.compile(EVERY_KIND).products if "trainer" in p]
    assert [Path(path).name for path in ours] == [Path(own).name]


def test_an_artifact_root_from_the_settings_wins_over_the_pipelines_own(author: Author) -> None:
    author.write(
        "pipeline.py",
        """
        from tfx import v1 as tfx

        def create_pipeline():
            examples = tfx.components.CsvExampleGen(input_base="/data")
            return tfx.dsl.Pipeline("p", "roots/mine", components=[examples])
        """,
    )
    target = "pipeline.py:create_pipeline"
    own, given = author.compile(target), author.compile(target, artifact_root="/elsewhere/")
    assert _root(own.ir) == str(author.project / "roots/mine")
    assert _root(given.ir) == "/elsewhere/p"


def _root(ir: Path) -> str:
    spec = json.loads(ir.read_text())["runtimeSpec"]["pipelineRoot"]["runtimeParameter"]
    return str(spec["defaultValue"]["stringValue"])


def test_a_pipeline_without_a_root_gets_one_below_the_state_directory(here: Author) -> None:
    assert _root(here.compile(EVERY_KIND).ir) == str(here.home / "artifacts" / "every_kind")


def test_what_the_pipeline_wrote_itself_is_no_source(author: Author) -> None:
    author.write(
        "pipeline.py",
        """
        import pathlib
        from tfx import v1 as tfx

        HERE = pathlib.Path(__file__).parent

        def create_pipeline():
            (HERE / "staged.csv").write_text("a,b")
            (HERE / "staged.csv").read_text()
            (HERE / "given.csv").read_text()
            examples = tfx.components.CsvExampleGen(input_base="/data")
            return tfx.dsl.Pipeline("p", components=[examples])
        """,
    )
    author.write("given.csv", "a,b")
    manifest = author.compile("pipeline.py:create_pipeline")
    inside = [Path(item.path) for item in manifest.sources]
    names = {path.name for path in inside if path.is_relative_to(author.project)}
    assert names == {"pipeline.py", "given.csv"}


def test_flags_that_nobody_parsed_have_their_defaults(author: Author) -> None:
    author.write(
        "pipeline.py",
        """
        from absl import flags
        from tfx import v1 as tfx

        flags.DEFINE_string("pipeline_name_flag", "by_flag", "")

        def create_pipeline():
            examples = tfx.components.CsvExampleGen(input_base="/data")
            return tfx.dsl.Pipeline(flags.FLAGS.pipeline_name_flag, components=[examples])
        """,
    )
    assert author.compile("pipeline.py:create_pipeline").pipeline_name == "by_flag"


def test_a_state_directory_that_cannot_be_written_is_named(author: Author) -> None:
    from headrace.errors import HeadraceError

    author.home.write_text("a file where a directory should be")
    author.write("pipeline.py", "x = 1\n")
    with pytest.raises(HeadraceError, match="cannot be written"):
        author.compile("pipeline.py:create_pipeline")
