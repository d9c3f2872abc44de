import subprocess
import sys
from pathlib import Path

import pytest

from headrace.cli.main import main
from headrace.errors import UsageError
from headrace.scaffold import Kind, skeleton, write_skeleton
from tests.documents import PROJECT

TOOLS = Path(sys.executable).parent


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEADRACE_PROJECT", str(tmp_path))
    return tmp_path


def test_the_command_says_what_it_has_written_and_how_to_go_on(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "component", "row_count"]) == 0
    told = capsys.readouterr().out.splitlines()
    written = told[: told.index("")]
    assert written == [
        "components/row_count/__init__.py",
        "components/row_count/component.py",
        "tests/unit/components/row_count/test_component.py",
    ]
    assert all((project / place).is_file() for place in written)
    assert told[-1].endswith("bin/headrace test tests/unit/components/row_count/test_component.py")
    assert main(["new", "pipeline", "birds"]) == 0
    assert "bin/headrace run pipelines/birds/pipeline.py:create" in capsys.readouterr().out
    assert (project / "dags" / "birds.py").is_file()


def test_nothing_is_written_where_a_file_is_there(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = project / "dags" / "birds.py"
    there.parent.mkdir()
    there.write_text("mine")
    assert main(["new", "pipeline", "birds"]) == 2
    assert f"{there} exists already" in capsys.readouterr().err
    assert [path for path in project.rglob("*") if path.is_file()] == [there]
    assert there.read_text() == "mine"


@pytest.mark.parametrize("name", ["Row", "row-count", "1row", "class", "row_", "a.b", ""])
def test_a_name_that_no_module_can_have_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a component"):
        skeleton(Kind.COMPONENT, name, PROJECT)


LINT = [["ruff", "check"], ["ruff", "format", "--check"]]
TYPES = ["mypy", "components/bird_count/component.py"]  # which pipelines are not checked for


@pytest.mark.parametrize(
    ("kind", "checks"), [(Kind.COMPONENT, [*LINT, TYPES]), (Kind.PIPELINE, LINT)]
)
def test_what_is_written_is_as_our_own_code_is(
    kind: Kind, checks: list[list[str]], tmp_path: Path
) -> None:
    write_skeleton(skeleton(kind, "bird_count", PROJECT), tmp_path)
    for tool, *arguments in checks:
        name = "--config-file" if tool == "mypy" else "--config"
        command = [TOOLS / tool, *arguments, f"{name}={PROJECT / 'pyproject.toml'}"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_components_are_imported_as_the_project_has_them(tmp_path: Path) -> None:
    ours = skeleton(Kind.COMPONENT, "row_count", PROJECT).files
    theirs = skeleton(Kind.COMPONENT, "row_count", tmp_path).files
    test = "tests/unit/components/row_count/test_component.py"
    assert "from headrace.components.row_count import RowCount" in ours[test]
    assert "from components.row_count import RowCount" in theirs[test]
