from pathlib import Path

import pytest

from headrace.node.user_code import UserModule, user_code_digest

PIPELINE = '''
"""A pipeline."""
from pkg import helpers
from pkg.numbers import BASE as SCALE

LIMIT = 3
OTHER = 4


def uses_limit(x):
    return x < LIMIT


def entry(x):
    """What it does."""
    return uses_limit(x) and helpers.double(x) * SCALE


def unrelated():
    return OTHER


@component
def Component(x):
    import pkg.late

    return pkg.late.value(x)
'''
HELPERS = "def double(x):\n    return 2 * x\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "code.py").write_text(PIPELINE)
    (package / "helpers.py").write_text(HELPERS)
    (package / "numbers.py").write_text("BASE = 1\nUNUSED = 2\n")
    (package / "late.py").write_text("def value(x):\n    return x\n")
    return tmp_path


def digest(project: Path, *paths: str) -> str:
    return user_code_digest(paths or ["pkg.code.entry"], [str(project)])


def edit(project: Path, file: str, old: str, new: str) -> None:
    path = project / "pkg" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("code.py", "uses_limit(x) and", "uses_limit(x) or"),
        ("code.py", "x < LIMIT", "x <= LIMIT"),
        ("code.py", "LIMIT = 3", "LIMIT = 5"),
        ("helpers.py", "2 * x", "3 * x"),
        ("numbers.py", "BASE = 1", "BASE = 9"),
        ("__init__.py", "", "print('imported')\n"),
    ],
)
def test_what_the_function_uses_changes_the_digest(
    project: Path, file: str, old: str, new: str
) -> None:
    before = digest(project)
    edit(project, file, old, new)
    assert digest(project) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("code.py", "OTHER = 4", "OTHER = 40"),
        ("code.py", "return OTHER", "return -OTHER"),
        ("code.py", "What it does.", "What it really does."),
        ("code.py", "\n\ndef entry", "\n\n# why\n\n\ndef entry"),
        ("numbers.py", "UNUSED = 2", "UNUSED = 3"),
        ("late.py", "return x", "return -x"),
    ],
)
def test_what_the_function_does_not_use_keeps_the_digest(
    project: Path, file: str, old: str, new: str
) -> None:
    before = digest(project)
    edit(project, file, old, new)
    assert digest(project) == before


def test_an_executor_made_from_a_function_is_the_function(project: Path) -> None:
    before = digest(project, "pkg.code.Component_Executor")
    edit(project, "code.py", "OTHER = 4", "OTHER = 40")
    assert digest(project, "pkg.code.Component_Executor") == before
    edit(project, "late.py", "return x", "return -x")
    assert digest(project, "pkg.code.Component_Executor") != before


def test_relative_imports_and_star_imports_are_followed(project: Path) -> None:
    (project / "pkg" / "sub").mkdir()
    (project / "pkg" / "sub" / "__init__.py").write_text("from ..numbers import BASE\n")
    (project / "pkg" / "sub" / "code.py").write_text(
        "from . import BASE\nfrom ..helpers import *\n\ndef entry(x):\n    return double(BASE)\n"
    )
    seen = {digest(project, "pkg.sub.code.entry")}
    edit(project, "numbers.py", "BASE = 1", "BASE = 2")
    seen.add(digest(project, "pkg.sub.code.entry"))
    edit(project, "helpers.py", "2 * x", "3 * x")
    seen.add(digest(project, "pkg.sub.code.entry"))
    assert len(seen) == 3


def test_modules_that_import_each_other_end(project: Path) -> None:
    (project / "pkg" / "a.py").write_text("from pkg import b\ndef f():\n    return b.g()\n")
    (project / "pkg" / "b.py").write_text("from pkg import a\ndef g():\n    return a.f()\n")
    assert digest(project, "pkg.a.f")


MODULE = UserModule(
    "utils",
    {
        "utils": b"import beside\nimport pkg.late\nfrom pkg import helpers\n\ndef run_fn(x):\n"
        b"    return helpers.double(x) * beside.SCALE\n",
        "beside": b"from pkg.numbers import BASE as SCALE\n",
    },
)


@pytest.mark.parametrize(
    ("file", "old", "new", "changes"),
    [
        ("helpers.py", "2 * x", "3 * x", True),
        ("late.py", "return x", "return -x", True),
        ("numbers.py", "BASE = 1", "BASE = 9", True),
        ("numbers.py", "UNUSED = 2", "UNUSED = 3", False),
        ("code.py", "LIMIT = 3", "LIMIT = 5", False),
    ],
)
def test_what_a_module_file_imports_of_the_project_is_in_the_digest(
    project: Path, file: str, old: str, new: str, changes: bool
) -> None:
    before = user_code_digest([], [str(project)], MODULE)
    edit(project, file, old, new)
    assert (user_code_digest([], [str(project)], MODULE) != before) is changes


@pytest.mark.parametrize(
    "path", ["os.path.join", "tfx.components.Trainer", "/data/pkg.code", "pkg", "a b.c", ""]
)
def test_what_is_not_of_the_project_has_no_digest(project: Path, path: str) -> None:
    assert digest(project, path) == ""


def test_a_module_that_cannot_be_parsed_is_left_to_the_node(project: Path) -> None:
    (project / "pkg" / "code.py").write_text("def entry(:\n")
    assert digest(project) == ""


def test_the_digest_does_not_depend_on_where_the_project_is(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (project / "pkg").rename(elsewhere / "pkg2")
    (elsewhere / "pkg2").rename(elsewhere / "pkg")
    moved = digest(elsewhere)
    (elsewhere / "pkg").rename(project / "pkg")
    assert digest(project) == moved
