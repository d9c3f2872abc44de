"""TFX's cache through the launcher, while the author edits the code that a node runs."""

from pathlib import Path

import pytest

from headrace.ir.store import current_ir
from headrace.launcher.client import run_node
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.settings import Settings

pytestmark = pytest.mark.integration

TINY = Path(__file__).parents[2] / "data" / "pipelines" / "tiny.py"


class Edited:
    """A copy of the tiny pipeline, its component ``Make`` run again and again."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.source = settings, folder / "edited.py"
        self.database = folder / "metadata.sqlite"
        self.source.write_text(TINY.read_text().replace('"tiny"', '"edited"'))
        self.manifest = current_ir(f"{self.source}:create_pipeline", settings)

    def edit(self, old: str, new: str) -> None:
        text = self.source.read_text()
        assert old in text
        self.source.write_text(text.replace(old, new))

    def make(self, run: str) -> NodeResult:
        request = NodeRequest(
            ir_path=self.manifest.ir_path,
            node_id="Make",
            run_id=run,
            metadata_url=f"sqlite:///{self.database}",
            import_path=list(self.manifest.import_path),
        )
        return run_node(self.settings, request, lambda _: None)


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
