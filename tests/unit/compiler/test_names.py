from pathlib import Path

import pytest

from headrace.compiler.failures import CompileError
from headrace.compiler.names import defines, require_unique_name
from headrace.files import write_atomically
from headrace.ir.layout import IrLayout
from headrace.ir.manifest import CompileFailure, Manifest
from headrace.ir.sources import snapshot


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def make(): ...", True),
        ("async def make(): ...", True),
        ("make = lambda: 1", True),
        ("from other import make", True),
        ("from other import build as make", True),
        ("from other import *", True),
        ("if 1:\n    def make(): ...", True),
        ("print(make)", False),
        ("from other import make as build", False),
        ("def (", False),
        ("", False),
    ],
)
def test_whether_a_file_defines_a_name_is_told_from_its_text(
    tmp_path: Path, source: str, found: bool
) -> None:
    file = tmp_path / "a.py"
    file.write_text(source)
    assert defines(file, "make") is found


def test_a_missing_file_defines_nothing(tmp_path: Path) -> None:
    assert not defines(tmp_path / "gone.py", "make")


class Known:
    """A layout in which ``other.py:make`` was compiled to a pipeline named birds."""

    def __init__(self, root: Path) -> None:
        self.layout = IrLayout(root / "ir")
        self.file = root / "other.py"
        self.file.write_text("def make(): ...\n")
        self.target = f"{self.file}:make"

    def compiled(self, **changes: object) -> None:
        fields = {"pipeline_name": "birds", "sources": (snapshot(self.file),), **changes}
        manifest = Manifest(self.target, "", "k", **fields)
        write_atomically(self.layout.manifest(self.target, ""), manifest.to_json())

    def ask(self, name: str = "birds", target: str = "/p/new.py:make") -> None:
        require_unique_name(name, target, self.layout)


@pytest.fixture
def known(tmp_path: Path) -> Known:
    known = Known(tmp_path)
    known.compiled()
    return known


def test_a_taken_name_is_refused_with_both_targets(known: Known) -> None:
    with pytest.raises(CompileError, match="two pipelines have the name 'birds'") as caught:
        known.ask()
    assert "/p/new.py:make" in caught.value.failure.message
    assert known.target in caught.value.failure.message
    assert caught.value.also_read == (known.file,), "its change may free the name"


def test_another_name_and_the_same_target_are_free(known: Known) -> None:
    known.ask(name="fish")
    known.ask(target=known.target)


def test_a_target_that_is_gone_changed_or_failed_holds_no_name(known: Known) -> None:
    known.compiled(failure=CompileFailure("ValueError", "no"))
    known.ask()
    known.compiled()
    known.file.write_text("def make(): return 1\n")
    known.ask()
    known.compiled()
    known.file.write_text("def build(): ...\n")
    known.ask()
    known.file.unlink()
    known.ask()


def test_a_damaged_manifest_is_passed_over(known: Known) -> None:
    (known.layout.manifests / "00.json").write_text("{")
    with pytest.raises(CompileError):
        known.ask()
