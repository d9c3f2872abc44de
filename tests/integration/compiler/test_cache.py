"""When a pipeline is compiled again: the cache over a real launcher."""

import os
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.ir.manifest import Manifest
from headrace.ir.store import PipelineError, current_ir, is_current
from headrace.settings import Keras, Settings

pytestmark = pytest.mark.integration

PIPELINE = """
    import json, pathlib
    from tfx import v1 as tfx
    from birds import names

    HERE = pathlib.Path(__file__).parent
    with open({counter!r}, "a") as counter:
        counter.write("x")

    def create_pipeline():
        config = json.loads((HERE / "config.json").read_text())
        examples = tfx.components.CsvExampleGen(input_base=config["data"])
        trainer = tfx.components.Trainer(
            module_file=str(HERE / "code" / "trainer.py"), examples=examples.outputs["examples"]
        )
        return tfx.dsl.Pipeline(names.NAME, components=[examples, trainer])
"""
TARGET = "birds/pipeline.py:create_pipeline"


class Project:
    """A pipeline that reads a module, a data file and a module file; counts its own imports."""

    def __init__(self, settings: Settings, root: Path) -> None:
        self.root = root / "project"
        self.settings = replace(settings, project=self.root)
        self.counter = root / "counter"
        self.name = f"cached-{root.name}"
        self.write("pyproject.toml", "")
        self.write("birds/names.py", f"NAME = {self.name!r}\n")
        self.write("birds/config.json", '{"data": "/data"}')
        self.write("birds/code/trainer.py", "def run_fn(fn_args): ...\n")
        self.source = textwrap.dedent(PIPELINE.format(counter=str(self.counter)))
        self.write("birds/pipeline.py", self.source)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        # Long past, as a file that nobody is writing: a younger one is not trusted by its time.
        os.utime(path, ns=(10**18 + len(text), 10**18 + hash(text) % 10**9))

    def ir(self) -> Manifest:
        return current_ir(TARGET, self.settings)

    @property
    def compilations(self) -> int:
        return len(self.counter.read_text())


@pytest.fixture
def birds(settings: Settings, tmp_path: Path) -> Project:
    project = Project(settings, tmp_path)
    assert not is_current(f"{project.root}/{TARGET}", project.settings)
    project.ir()
    assert is_current(f"{project.root}/{TARGET}", project.settings)
    return project


def test_nothing_changed_is_a_hit(birds: Project) -> None:
    first = birds.ir()
    assert (birds.ir(), birds.compilations) == (first, 1)


def test_what_was_not_read_does_not_matter(birds: Project) -> None:
    first = birds.ir()
    birds.write("birds/notes.py", "x = 1\n")
    (birds.root / "birds/names.py").touch()
    assert (birds.ir().key, birds.compilations) == (first.key, 1)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("birds/names.py", "NAME = {name!r} + '-again'\n"),
        ("birds/config.json", '{{"data": "/elsewhere"}}'),
        ("birds/code/trainer.py", "def run_fn(fn_args): return 1\n"),
        ("birds/code/sibling.py", "x = 1\n"),
    ],
    ids=["imported module", "opened file", "module file", "new module beside the module file"],
)
def test_a_change_of_what_was_read_is_a_miss(birds: Project, name: str, text: str) -> None:
    before = birds.ir()
    birds.write(name, text.format(name=birds.name))
    after = birds.ir()
    assert birds.compilations == 2
    assert after.key != before.key
    assert after.ir.read_bytes() != before.ir.read_bytes()
    assert before.ir.is_file(), "a running DAG run still reads it"


def test_a_lost_product_is_a_miss(birds: Project) -> None:
    Path(birds.ir().products[0]).unlink()
    assert Path(birds.ir().products[0]).is_file()
    birds.ir().ir.unlink()
    assert birds.ir().ir.is_file()
    assert birds.compilations == 3


def test_a_failure_is_remembered_until_its_cause_changes(birds: Project) -> None:
    birds.write("birds/names.py", "1 / 0\n")
    for _ in range(2):
        with pytest.raises(PipelineError, match=r"names\.py:1: ZeroDivisionError"):
            birds.ir()
    assert birds.compilations == 1, "the second time nothing ran, and the first got no further"
    birds.write("birds/names.py", f"NAME = {birds.name!r}\n")
    assert birds.ir().pipeline_name == birds.name


def test_a_module_that_appears_mends_the_failure_for_lack_of_it(birds: Project) -> None:
    (birds.root / "birds/names.py").unlink()
    with pytest.raises(PipelineError, match="names"):
        birds.ir()
    birds.write("birds/names.py", f"NAME = {birds.name!r}\n")
    assert birds.ir().pipeline_name == birds.name


def test_another_artifact_root_is_another_compilation(birds: Project) -> None:
    other = replace(birds.settings, artifact_root="/elsewhere")
    assert current_ir(TARGET, other).key != birds.ir().key
    assert current_ir(TARGET, other).key == current_ir(TARGET, other).key
    assert birds.compilations == 2


def test_a_pipeline_that_cannot_be_imported_with_another_keras_than_its_own_gets_that(
    birds: Project,
) -> None:
    legacy = """
        import os
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        import tensorflow as tf
        assert tf.keras.Model.__module__.startswith("tf_keras."), "of Keras 3"
    """
    birds.write("birds/pipeline.py", textwrap.dedent(legacy) + birds.source)
    found = birds.ir()
    assert (found.keras, found.versions["keras"]) == ("2", "2")
    assert birds.ir() == found
    birds.settings = replace(birds.settings, keras=Keras.THREE)
    assert birds.ir() == found, "what has compiled once is good for any"
    birds.write("birds/pipeline.py", textwrap.dedent(legacy) + birds.source + "\n")
    with pytest.raises(PipelineError, match="AssertionError while importing pipeline"):
        birds.ir()
    birds.settings = replace(birds.settings, keras=Keras.TWO)
    assert birds.ir().versions["keras"] == "2"


def test_many_callers_at_once_compile_once(birds: Project) -> None:
    birds.write("birds/config.json", '{"data": "/other"}')
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: birds.ir().key, range(8)))
    assert (len(keys), birds.compilations) == (1, 2)
