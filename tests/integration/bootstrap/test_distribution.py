"""Builds the distribution as a user does, and looks at what is in it."""

import shutil
import subprocess
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def tree(tmp_path):
    """A copy of the project with a component, which this test brings along."""
    target = tmp_path / "tree"
    ignored = shutil.ignore_patterns("__pycache__", ".headrace", ".git", ".*_cache")
    shutil.copytree(ROOT, target, ignore=ignored)
    component = target / "components" / "sluice"
    (component / "testdata").mkdir(parents=True)
    (component / "__init__.py").write_text('NAME = "sluice"\n')
    (component / "component_test.py").write_text("")
    (component / "testdata" / "rows.csv").write_text("")
    return target


@pytest.fixture
def wheel(tree, installer, tmp_path):
    command = [installer / "python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    subprocess.run([*command, tmp_path / "out", tree], check=True)
    (built,) = (tmp_path / "out").glob("headrace-*.whl")
    return built


def test_the_wheel_holds_the_package_and_its_components_only(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        listing = [name for name in names if name.endswith("METADATA")]
        metadata = Parser().parsestr(archive.read(listing[0]).decode())
        [points] = [name for name in names if name.endswith("entry_points.txt")]
        assert "[pytest11]\nheadrace = headrace.testing.plugin" in archive.read(points).decode()
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"headrace"}
    assert "headrace/components/sluice/__init__.py" in names
    assert "headrace/components/__init__.py" in names
    assert "headrace/flink/runner_jar/pom.xml" in names
    assert not [name for name in names if _belongs_to_tests(name)]
    assert metadata.get_all("Provides-Extra") == ["airflow", "tfx"]
    assert metadata["Name"] == "headrace"


def test_a_component_has_one_name_in_a_wheel_and_in_a_checkout(wheel, tree, installer, tmp_path):
    python = str(installer / "python")
    target = tmp_path / "installed"
    command = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target, wheel]
    subprocess.run(command, check=True)
    code = "from headrace.components import sluice; print(sluice.__name__, sluice.NAME)"
    for place in (target, tree):
        result = subprocess.run(
            [python, "-B", "-c", code], cwd=place, capture_output=True, text=True, check=True
        )
        assert result.stdout == "headrace.components.sluice sluice\n"


def _belongs_to_tests(name):
    *folders, file = name.split("/")
    return (
        not {"tests", "testdata"}.isdisjoint(folders)
        or file.startswith("test_")
        or file.endswith("_test.py")
    )
