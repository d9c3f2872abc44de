"""Pipelines in files of any name and place, whose functions Beam ships to its workers."""

from dataclasses import replace
from pathlib import Path

import pytest

from headrace.ir.store import PipelineError, current_ir
from headrace.launcher.client import run_node
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.settings import Settings

pytestmark = pytest.mark.integration

SOURCE = """
import apache_beam as beam
from tfx import v1 as tfx
{imported}

Text = tfx.types.standard_artifacts.String


class Shout(beam.DoFn):
    def process(self, word):
        yield word.upper() + utils.MARK


def twice(word):
    return utils.joined(word, word)


@tfx.dsl.components.component(use_beam=True)
def Greet(
    text: tfx.dsl.components.OutputArtifact[Text],
    pipeline: tfx.dsl.components.BeamComponentParameter[beam.Pipeline] = None,
):
    with pipeline as root:
        words = root | beam.Create(["hi"]) | beam.ParDo(Shout()) | beam.Map(twice)
        words | beam.io.WriteToText(text.uri, shard_name_template="")


def create_pipeline():
    return tfx.dsl.Pipeline(
        pipeline_name="{name}",
        components=[Greet()],
        enable_cache=True,
        beam_pipeline_args={beam_args},
    )
"""
IN_MEMORY = ["--direct_running_mode=in_memory"]
WORKERS = ["--direct_running_mode=multi_processing", "--direct_num_workers=1"]


class Project:
    """Files of an author's project, and the pipelines in them."""

    def __init__(self, settings: Settings, root: Path) -> None:
        self.settings, self.root = replace(settings, project=root), root

    def write(self, file: str, imported: str, mark: str, beam_args: list[str]) -> None:
        """A pipeline, and a module ``utils`` beside it."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        name = f"{self.root.name}-{file}"
        path.write_text(SOURCE.format(imported=imported, name=name, beam_args=beam_args))
        functions = "def joined(a, b):\n    return a + MARK + b\n"
        (path.parent / "utils.py").write_text(f"MARK = {mark!r}\n{functions}")

    def run(self, file: str, run: str = "r") -> NodeResult:
        manifest = current_ir(f"{file}:create_pipeline", self.settings, cwd=self.root)
        request = NodeRequest(
            ir_path=manifest.ir_path,
            node_id="Greet",
            run_id=run,
            metadata_url=f"sqlite:///{self.root.parent / 'metadata.sqlite'}",
            import_path=list(manifest.import_path),
        )
        return run_node(self.settings, request, lambda _: None)

    def text(self, file: str) -> str:
        [output] = self.run(file).outputs
        return Path(output.uri).read_text().strip()


@pytest.fixture
def project(settings: Settings, tmp_path: Path) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    return Project(settings, root)


@pytest.mark.parametrize(
    ("file", "imported", "beam_args"),
    [
        ("my-pipeline.py", "import utils", IN_MEMORY),
        ("of-2024/pipeline.py", "import utils", IN_MEMORY),
        ("package/__init__.py", "from . import utils", IN_MEMORY),
        ("package/inner/the-birds.py", "from package.inner import utils", IN_MEMORY),
        ("test.py", "import utils", IN_MEMORY),
        ("birds/keras.py", "from . import utils", IN_MEMORY),
    ],
)
def test_a_file_of_any_name_runs(
    project: Project, file: str, imported: str, beam_args: list[str]
) -> None:
    for package in (project.root / file).parents:
        if "package" in package.parts:
            package.mkdir(parents=True, exist_ok=True)
            (package / "__init__.py").touch()
    project.write(file, imported, "!", beam_args)
    assert project.text(file) == "HI!!HI!"


def test_beams_workers_import_the_file_and_no_file_beside_it_in_place_of_a_package(
    project: Project,
) -> None:
    project.write("birds/my-pipeline.py", "from . import utils", "!", WORKERS)
    (project.root / "birds/keras.py").write_text("raise ImportError('the wrong keras')")
    assert project.text("birds/my-pipeline.py") == "HI!!HI!"


def test_pipelines_with_modules_of_one_name_each_have_their_own(project: Project) -> None:
    project.write("a/pipeline.py", "import utils", "?", IN_MEMORY)
    project.write("b/pipeline.py", "import utils", ".", IN_MEMORY)
    assert (project.text("a/pipeline.py"), project.text("b/pipeline.py")) == ("HI??HI?", "HI..HI.")


def test_an_edit_is_noticed_by_the_cache_in_a_file_of_any_name(project: Project) -> None:
    project.write("an-edited.py", "import utils", "!", IN_MEMORY)
    assert not project.run("an-edited.py", "first").cached
    assert project.run("an-edited.py", "second").cached
    project.write("an-edited.py", "import utils", "?", IN_MEMORY)
    assert not project.run("an-edited.py", "third").cached


def test_a_file_that_hides_a_package_from_the_pipeline_is_named(project: Project) -> None:
    project.write("keras.py", "import utils", "!", IN_MEMORY)
    with pytest.raises(PipelineError) as caught:
        project.run("keras.py")
    assert f"{project.root}/keras.py hides the package 'keras'" in caught.value.message
    assert caught.value.hint == "give it another name"
