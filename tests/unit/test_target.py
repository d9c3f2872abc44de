from pathlib import Path

import pytest

from headrace.errors import UsageError
from headrace.target import FORMS, Target, parse_target


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in ("pkg/__init__.py", "pkg/inner/__init__.py", "pkg/inner/birds.py", "loose/fish.py"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


@pytest.mark.parametrize("text", ["", "f", ":f", "a.py:", "a.py:1f", "a.py:f()", "a.py"])
def test_a_text_of_neither_form_is_refused_with_the_forms(project: Path, text: str) -> None:
    with pytest.raises(UsageError, match="is not a target") as caught:
        parse_target(text, project)
    assert caught.value.hint == FORMS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gone.py:f", "pipeline file gone.py does not exist"),
        ("~nobody-of-that-name/x.py:f", "does not exist"),
        ("~\0/x.py:f", "does not exist"),
        ("x" * 5000 + ".py:f", "does not exist"),
        ("x" * 5000 + ":f", "was not found in"),
        ("pkg.gone:f", "module pkg.gone was not found in"),
        ("no.such.module:f", "module no.such.module was not found in"),
    ],
)
def test_what_is_not_there_is_said_with_the_places_looked_in(
    project: Path, text: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message.replace(".", r"\.")) as caught:
        parse_target(text, project, project / "loose")
    assert str(project / "loose") in str(caught.value)


def test_both_spellings_of_a_function_are_one_target(project: Path) -> None:
    by_path = parse_target("pkg/inner/birds.py:make", project, project)
    by_module = parse_target("pkg.inner.birds:make", project, project)
    assert by_path == by_module
    assert by_path.module == "pkg.inner.birds"
    assert str(by_path) == f"{project}/pkg/inner/birds.py:make"


def test_the_working_directory_comes_before_the_project(project: Path) -> None:
    (project / "fish.py").touch()
    assert parse_target("fish.py:f", project, project / "loose").file.parent.name == "loose"
    assert parse_target("fish.py:f", project, project / "pkg").file.parent == project


def test_a_file_without_a_package_is_named_by_its_place_in_the_project(project: Path) -> None:
    target = parse_target("loose/fish.py:f", project, project)
    assert target == Target(
        project / "loose/fish.py", "loose.fish", (project, project / "loose"), "f"
    )


def test_a_file_outside_the_project_is_a_module_of_its_own_directory(
    project: Path, tmp_path: Path
) -> None:
    other = tmp_path / "elsewhere" / "cat.py"
    other.parent.mkdir()
    other.touch()
    target = parse_target(f"{other}:f", project, project)
    assert (target.module, target.import_path[0]) == ("cat", other.parent)


@pytest.mark.parametrize("name", ["my-pipelines/fish.py", "2024/fish.py"])
def test_a_directory_that_is_no_identifier_is_put_on_the_import_path(
    project: Path, name: str
) -> None:
    (project / name).parent.mkdir()
    (project / name).touch()
    target = parse_target(f"{name}:f", project, project)
    assert (target.module, target.import_path[0]) == ("fish", (project / name).parent)


@pytest.mark.parametrize("name", ["my-fish", "2024", "test", "keras"])
def test_a_file_of_any_name_is_a_module_of_its_package(project: Path, name: str) -> None:
    (project / f"pkg/inner/{name}.py").touch()
    target = parse_target(f"pkg/inner/{name}.py:f", project, project)
    assert (target.module, target.import_path[0]) == (f"pkg.inner.{name}", project)


def test_a_file_that_cannot_be_imported_by_its_name_is_refused(project: Path) -> None:
    (project / "fish.v2.py").touch()
    with pytest.raises(UsageError, match="its name has a dot") as caught:
        parse_target("fish.v2.py:f", project, project)
    assert caught.value.hint == "rename the file"


def test_a_symbolic_link_is_followed(project: Path) -> None:
    (project / "link.py").symlink_to("loose/fish.py")
    assert parse_target("link.py:f", project, project) == parse_target(
        "loose/fish.py:f", project, project
    )
