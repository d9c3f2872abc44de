from pathlib import Path

import pytest

from headrace.compiler.failures import failure_from
from headrace.errors import HeadraceError
from headrace.ir.manifest import CompileFailure


def failed(file: Path, source: str) -> CompileFailure:
    file.write_text(source)
    try:
        exec(compile(source, str(file), "exec"), {})
    except BaseException as raised:
        return failure_from(raised, "importing it", file, lambda name: name == str(file))
    raise AssertionError("it did not fail")


def test_the_place_is_the_deepest_line_of_the_authors_own(tmp_path: Path) -> None:
    file = tmp_path / "p.py"
    failure = failed(file, "import json\n\ndef f():\n    json.loads('{')\n\nf()\n")
    assert (failure.file, failure.line) == (str(file), 4)
    assert failure.message.startswith("JSONDecodeError while importing it: Expecting")
    assert "json/decoder.py" in failure.traceback


def test_what_a_component_of_headrace_refuses_is_at_the_line_that_made_it(tmp_path: Path) -> None:
    file = tmp_path / "p.py"
    source = """
from headrace.components.columnar_example_gen import ColumnarExampleGen

ColumnarExampleGen(input_base="data", bad_rows="quarantin")
"""
    file.write_text(source)
    with pytest.raises(HeadraceError) as caught:
        exec(compile(source, str(file), "exec"), {})
    failure = failure_from(caught.value, "importing it", file, lambda name: name.endswith(".py"))
    assert (failure.file, failure.line) == (str(file), 4)
    assert failure.message == "while importing it: bad_rows 'quarantin' is not known"
    assert failure.hint == "one of fail, quarantine, skip"


def test_a_syntax_error_is_at_its_own_line(tmp_path: Path) -> None:
    failure = failed(tmp_path / "p.py", "x = 1\ny = = 2\n")
    assert (failure.line, failure.error_type) == (2, "SyntaxError")
    assert "p.py" not in failure.message


def test_source_lines_are_not_recorded(tmp_path: Path) -> None:
    failure = failed(tmp_path / "p.py", "password = 'hunter2'; 1 / 0\n")
    assert "hunter2" not in str(failure)


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("import no_such_thing", "is 'no_such_thing' spelled right?"),
        ("raise SystemExit", "__main__"),
        ("raise RuntimeError('Duplicated node_id Gen')", ".with_id('another_id')"),
        ("raise RuntimeError('else')", ""),
    ],
)
def test_common_mistakes_have_a_hint(tmp_path: Path, source: str, hint: str) -> None:
    failure = failed(tmp_path / "p.py", source)
    assert hint in failure.hint
    assert bool(failure.hint) is bool(hint)
