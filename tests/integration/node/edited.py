"""The tiny pipeline as its author edits it, one node of it run again and again."""

from pathlib import Path

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2 as pb

from headrace.ir.store import current_ir
from headrace.launcher.client import run_node
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.settings import Settings

TINY = Path(__file__).parents[2] / "data" / "pipelines" / "tiny.py"


class Edited:
    """A copy of the tiny pipeline, with a metadata store of its own."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.source = settings, folder / "edited.py"
        self.database = folder / "metadata.sqlite"
        self.source.write_text(TINY.read_text().replace('"tiny"', f'"{folder.name}"'))
        self.compile()

    def compile(self) -> None:
        self.manifest = current_ir(f"{self.source}:create_pipeline", self.settings)

    def edit(self, old: str, new: str) -> None:
        text = self.source.read_text()
        assert old in text
        self.source.write_text(text.replace(old, new))

    def make(self, run: str, **parameters: int) -> NodeResult:
        return self.run("Make", run, parameters=dict(parameters))

    def run(self, node: str, run: str, **request: object) -> NodeResult:
        made = NodeRequest(
            ir_path=self.manifest.ir_path,
            node_id=node,
            run_id=run,
            metadata_url=self.metadata_url,
            import_path=list(self.manifest.import_path),
            **request,
        )
        return run_node(self.settings, made, lambda _: None)

    @property
    def metadata_url(self) -> str:
        return f"sqlite:///{self.database}"

    @property
    def store(self) -> mlmd.MetadataStore:
        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = str(self.database)
        return mlmd.MetadataStore(config)

    def execution(self, number: int | None) -> pb.Execution:
        [found] = self.store.get_executions_by_id([number])
        return found

    def story(self, execution: int | None) -> str:
        return str(self.execution(execution).custom_properties["headrace_cache"].string_value)
