"""TFX's cache through the launcher, while the author edits the code that a node runs."""

import shutil
from pathlib import Path

import pytest

from headrace.settings import Settings
from tests.integration.node.edited import Edited

pytestmark = pytest.mark.integration


def test_an_edited_component_runs_again_and_an_edited_comment_does_not(
    settings: Settings, tmp_path: Path
) -> None:
    edited = Edited(settings, tmp_path)
    first = edited.make("first")
    assert not first.cached
    assert edited.make("unchanged").cached
    edited.edit('    print(f"making', '    # which is said\n    print(f"making')
    edited.edit('raise ValueError("the text', 'raise TypeError("the text')
    assert edited.make("another component changed").cached
    edited.edit("text.value = f", "text.value = 'new ' + f")
    changed = edited.make("changed")
    assert not changed.cached
    assert Path(changed.outputs[0].uri).read_text().startswith("new ")
    edited.edit("'new ' + f", "f")
    back = edited.make("as it was")
    assert back.cached
    assert [item.id for item in back.outputs] == [item.id for item in first.outputs]


def test_an_execution_says_why_it_was_or_was_not_cached(settings: Settings, tmp_path: Path) -> None:
    edited = Edited(settings, tmp_path)
    [first, again] = [edited.make(run).execution_id for run in ("first", "again")]
    assert edited.story(first) == "first execution"
    assert edited.story(again) == f"from execution {first}"
    edited.edit("text.value = f", "text.value = 'new ' + f")
    changed = edited.make("changed")
    assert edited.story(changed.execution_id) == f"changed since execution {first}: code"
    other = edited.make("other", count=3)
    since = f"changed since execution {changed.execution_id}"
    assert edited.story(other.execution_id) == f"{since}: parameter count"
    shutil.rmtree(Path(other.outputs[0].uri).parent)
    gone = edited.make("gone", count=3)
    assert edited.story(gone.execution_id) == f"outputs of execution {other.execution_id} are gone"


def test_a_run_that_is_run_again_leaves_what_is_known_of_its_executions(
    settings: Settings, tmp_path: Path
) -> None:
    """As a retry does, or a resumed run: nothing is executed, so what it took stays."""
    edited = Edited(settings, tmp_path)
    first = edited.make("first")
    edited.make("other", count=3)
    before = edited.execution(first.execution_id)
    again = edited.make("first")
    assert (again.execution_id, again.outputs) == (first.execution_id, first.outputs)
    assert edited.execution(first.execution_id) == before
