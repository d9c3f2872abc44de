"""What a server sees of a push is a whole model; a part of one is found."""

from pathlib import Path

from tests.faults.penguins import half_pushed


def _model(place: Path, *files: str) -> Path:
    for name in files:
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return place


def test_a_version_that_lacks_a_file_of_its_model_is_found(tmp_path: Path) -> None:
    model = _model(tmp_path / "model", "saved_model.pb", "variables/variables.index")
    serving = tmp_path / "serving"
    _model(serving / "100", "saved_model.pb", "variables/variables.index")
    _model(serving / ".headrace-push-x1", "saved_model.pb")
    assert list(half_pushed(serving, [model])) == []
    _model(serving / "101", "saved_model.pb")
    assert list(half_pushed(serving, [model])) == [serving / "101"]


def test_nothing_pushed_yet_is_nothing_half_pushed(tmp_path: Path) -> None:
    assert list(half_pushed(tmp_path / "serving", [tmp_path / "gone"])) == []
