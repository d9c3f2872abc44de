from pathlib import Path

import pytest

from headrace.errors import HeadraceError
from headrace.launcher.failures import describe


def author_code(tmp_path: Path, source: str) -> tuple[Path, BaseException]:
    file = tmp_path / "author.py"
    file.write_text(source)
    try:
        exec(compile(source, str(file), "exec"), {})
    except BaseException as error:
        return file, error
    raise AssertionError("the author's code did not fail")


def test_the_authors_line_comes_first(tmp_path: Path) -> None:
    file, error = author_code(tmp_path, "import json\n\njson.loads('{')\n")
    frame = describe(error, "Trainer")
    assert frame.message.startswith(f"node Trainer: {file}:3: JSONDecodeError: Expecting")
    assert "json/decoder.py" in frame.traceback


def test_the_cause_of_a_wrapped_error_is_shown(tmp_path: Path) -> None:
    source = (
        "try:\n    1 / 0\n"
        "except ZeroDivisionError as e:\n    raise RuntimeError('wrapped') from e\n"
    )
    _, error = author_code(tmp_path, source)
    assert "ZeroDivisionError: division by zero" in describe(error).message


def test_a_line_that_beam_tells_as_text_is_found(tmp_path: Path) -> None:
    file = tmp_path / "author.py"
    place = f'File "{file}", line 7, in preprocessing_fn'
    told = f"Traceback:\n  {place}\nValueError: odd [while running 'Map']"
    frame = describe(RuntimeError(told))
    assert frame.message.startswith(f"{file}:7: RuntimeError: ")
    assert "while running" not in frame.message


def test_an_error_of_headraces_own_has_no_traceback() -> None:
    frame = describe(HeadraceError("the disk is full", "make room"), "Gen")
    assert (frame.message, frame.hint, frame.traceback) == (
        "node Gen: the disk is full",
        "make room",
        "",
    )


@pytest.mark.parametrize(
    ("error", "transient"), [(ConnectionResetError(), True), (ValueError(), False)]
)
def test_what_another_try_may_mend_is_transient(error: Exception, transient: bool) -> None:
    assert describe(error).transient is transient
