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


def test_an_error_that_tensorflow_tells_in_another_s_text_is_the_one_shown(tmp_path: Path) -> None:
    file = tmp_path / "author.py"
    told = (
        'An error occurred: "Graph execution error:\n\nValueError: too light\n'
        "Traceback (most recent call last):\n\n"
        '  File "/lib/site-packages/script_ops.py", line 269, in __call__\n    func(*args)\n\n'
        f"  File \"{file}\", line 12, in check\n    raise ValueError('too light')\n\n"
        'ValueError: too light\n\n\n\t [[{{node PyFunc}}]] [Op:inference]", while applying it'
    )
    frame = describe(ValueError(told))
    assert frame.message == f"{file}:12: ValueError: too light"


def test_an_error_that_beam_tells_in_a_runtime_error_is_shown_as_what_it_was() -> None:
    told = RuntimeError("OSError: [Errno 13] Permission denied: 'data' [while running 'Read/Map']")
    assert describe(told).message == "OSError: [Errno 13] Permission denied: 'data'"


def test_of_a_long_text_the_beginning_is_shown_and_all_of_it_kept() -> None:
    told = "\n".join(f"line {number} of the text" for number in range(200))
    frame = describe(RuntimeError(told))
    assert frame.message.endswith(" of the text ...")
    assert len(frame.message) < 850
    assert "line 199 of the text" in frame.traceback


def test_a_known_error_has_a_hint() -> None:
    frame = describe(RuntimeError("run_fn failed to generate model."))
    assert "fn_args.serving_model_dir" in frame.hint
    frame = describe(ValueError("Error raised when handling tensor 'weight' [while running 'x']"))
    assert "no feature 'weight', or not of the schema's type" in frame.hint
