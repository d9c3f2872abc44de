"""What a try has put into its outputs' places goes, all of it, and nothing beside it."""

from pathlib import Path

import pytest
from tfx.types import standard_artifacts

from headrace.node.output_removal import remove_outputs
from tests.unit.node.refusing import Refusing


def artifact(kind: type, place: Path) -> object:
    made = kind()
    made.uri = str(place)
    return made


def test_an_output_of_one_value_goes_with_the_directory_around_it(tmp_path: Path) -> None:
    file = tmp_path / "Make" / "text" / "7" / "value"
    file.parent.mkdir(parents=True)
    file.write_text("half")
    remove_outputs({"text": [artifact(standard_artifacts.String, file)]})
    assert list((tmp_path / "Make" / "text").iterdir()) == []


def test_that_directory_goes_also_where_the_file_was_removed_already(tmp_path: Path) -> None:
    file = tmp_path / "text" / "7" / "value"
    file.parent.mkdir(parents=True)
    remove_outputs({"text": [artifact(standard_artifacts.String, file)]})
    assert list((tmp_path / "text").iterdir()) == []


def test_what_was_set_aside_in_it_stays(tmp_path: Path) -> None:
    file = tmp_path / "text" / "7" / "value"
    file.parent.mkdir(parents=True)
    file.write_text("half")
    aside = file.with_name("value.set-aside-1")
    aside.write_text("of another store")
    remove_outputs({"text": [artifact(standard_artifacts.String, file)]})
    assert list(file.parent.iterdir()) == [aside]


def test_one_that_was_never_made_keeps_none_of_the_others_there(tmp_path: Path) -> None:
    model, other = tmp_path / "model" / "7", tmp_path / "model" / "6"
    for place in (model, other):
        place.mkdir(parents=True)
        (place / "part").write_text("x")
    gone = artifact(standard_artifacts.Examples, tmp_path / "examples" / "7")
    remove_outputs({"examples": [gone], "model": [artifact(standard_artifacts.Model, model)]})
    assert list((tmp_path / "model").iterdir()) == [other]


def test_one_that_cannot_be_removed_is_told_after_the_others_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, model = tmp_path / "stuck" / "7", tmp_path / "model" / "7"
    for place in (stuck, model):
        place.mkdir(parents=True)
    # A file system that root cannot write to needs a mount, which not every machine allows.
    from tfx.dsl.io import fileio

    remove = fileio.rmtree

    def refuse(path: str) -> None:
        if path == str(stuck):
            raise PermissionError(path)
        remove(path)

    monkeypatch.setattr(fileio, "rmtree", refuse)
    outputs = {
        "stuck": [artifact(standard_artifacts.Model, stuck)],
        "model": [artifact(standard_artifacts.Model, model)],
    }
    with pytest.raises(PermissionError):
        remove_outputs(outputs)
    assert (stuck.exists(), model.exists()) == (True, False)


def test_what_an_importer_names_is_not_touched(tmp_path: Path) -> None:
    place = tmp_path / "mine"
    place.mkdir()
    made = artifact(standard_artifacts.Model, place)
    made.is_external = True  # type: ignore[attr-defined]
    remove_outputs({"result": [made]})
    assert place.is_dir()


def test_a_component_that_fails_leaves_no_directory_of_an_output(component, workbench) -> None:
    with pytest.raises(ValueError, match="there were no birds"):
        component(Refusing)
    made = [path for path in workbench.place.rglob("*") if path.name in ("text", "model")]
    assert [list(path.iterdir()) for path in made] == [[], []]
