"""Makes artifacts of what a test has in memory, and runs one component on them.

A component runs as in production: its arguments are compiled to TFX's intermediate representation,
inputs are imported into a metadata store, and driver, executor and publisher are those of
``headrace.node``. The store is SQLite, because a node opens it by its URL and MLMD has none in
memory that has one; it costs some hundredths of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, channel_utils, standard_artifacts
from tfx.types.value_artifact import ValueArtifact

from headrace.compiler.lowering import lower
from headrace.compiler.user_modules import package_user_modules
from headrace.errors import UsageError
from headrace.launcher.jobs import NodeRequest, NodeResult, ParameterValue
from headrace.testing.models import Predict, save_model
from headrace.testing.results import Result
from headrace.testing.rows import Rows, write_splits
from headrace.testing.schemas import SCHEMA_FILE, SchemaLike, as_schema

if TYPE_CHECKING:
    from headrace.testing.preprocessing import Preprocessed

RunNode = Callable[[NodeRequest], NodeResult]
PIPELINE = "test"
_OUTPUTS = (metadata_store_pb2.Event.OUTPUT, metadata_store_pb2.Event.INTERNAL_OUTPUT)
"""The second is what a Resolver has found."""
_PROPERTY_SETTERS = {int: "set_int_custom_property", str: "set_string_custom_property"}


@dataclass(frozen=True)
class Options:
    """How a component is run.

    Attributes:
        runner: ``direct`` or ``flink``.
        beam_args: Beam arguments of the run.
        cache: whether an execution with the same inputs, parameters and code may stand for this.
        parameters: values of the runtime parameters among its arguments.
        node_id: its id; by default the class's name.
    """

    runner: str = "direct"
    beam_args: Sequence[str] = ()
    cache: bool = False
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    node_id: str = ""


@dataclass(frozen=True)
class RunsComponents:
    """Runs components of one workbench: call it with a component's class and its arguments.

    ``component(CountRows, examples=examples(rows), column="x")`` runs driver, executor and
    publisher and returns a ``Result``. ``component.using(cache=True)`` is the same with options.
    """

    _workbench: Workbench
    _options: Options

    def __call__(self, component: Callable[..., BaseNode], /, **arguments: Any) -> Result:
        """Run a component.

        Args:
            component: its class, or a function component.
            arguments: as in a pipeline, with artifacts, or lists of them, in place of channels.

        Raises:
            UsageError: it is no component.
            Exception: whatever the component raises.
        """
        return self._workbench.run(component, arguments, self._options)

    def using(self, **options: Any) -> RunsComponents:
        """The same with other options: ``cache``, ``parameters``, ``beam_args``, ``node_id``."""
        return replace(self, _options=replace(self._options, **options))


class Workbench:
    """A directory with a metadata store, for one test.

    All that runs on one workbench is of one pipeline, each component in a run of its own, so that a
    Resolver finds what was made before.

    Args:
        place: an empty directory.
        run_node: what runs a node, from request to result.
        import_path: directories that the components' own code is imported from.
        options: of components that are not given others.

    Attributes:
        component: runs a component: ``component(CountRows, examples=examples)``.
    """

    def __init__(
        self,
        place: Path,
        run_node: RunNode,
        import_path: Sequence[str] = (),
        options: Options | None = None,
    ) -> None:
        self.place = place
        self.component = RunsComponents(self, options or Options())
        self._run_node = run_node
        self._import_path = list(import_path)
        self._made = 0
        self._runs = 0

    @property
    def store(self) -> mlmd.MetadataStore:
        """The metadata store, opened anew."""
        config = metadata_store_pb2.ConnectionConfig()
        config.sqlite.filename_uri = str(self._database)
        return mlmd.MetadataStore(config)

    def folder(self, name: str) -> Path:
        """A new directory."""
        self._made += 1
        made = self.place / "inputs" / f"{self._made}-{name}"
        made.mkdir(parents=True)
        return made

    def artifact(
        self,
        kind: type[types.Artifact],
        content: Mapping[str, str | bytes] | Any = None,
        **properties: int | str,
    ) -> types.Artifact:
        """An artifact of any type.

        Args:
            kind: its class.
            content: files by their path in it; of a value artifact, such as ``Integer``, its value.
            properties: its properties, and custom ones.

        Raises:
            UsageError: a custom property is neither an int nor a text.
        """
        made = kind()
        made.uri = str(self.folder(kind.TYPE_NAME))
        if isinstance(made, ValueArtifact):
            made.uri += "/value"
            made.write(content)
        else:
            for name, text in (content or {}).items():
                file = Path(made.uri, name)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text.encode() if isinstance(text, str) else text)
        for name, value in properties.items():
            if name in (kind.PROPERTIES or {}):
                setattr(made, name, value)
            elif type(value) in _PROPERTY_SETTERS:
                getattr(made, _PROPERTY_SETTERS[type(value)])(name, value)
            else:
                raise UsageError(f"property {name!r} is {value!r}, and not an int or a text")
        return made

    def examples(
        self, rows: Rows | None = None, /, *, span: int | None = None, **splits: Rows
    ) -> types.Artifact:
        """Examples of rows: dicts, a DataFrame or a file.

        ``examples(rows)`` has the split ``train``, ``examples(train=rows, eval=others)`` has two.
        A row's value is a number, a text, bytes, a list of these, or None.

        Raises:
            UsageError: a value is none of them; names the row and the column.
        """
        if rows is not None:
            splits = {"train": rows, **splits}
        made = self.artifact(
            standard_artifacts.Examples, split_names=artifact_utils.encode_split_names([*splits])
        )
        if span is not None:
            made.set_int_custom_property("span", span)
        examples_utils.set_payload_format(made, example_gen_pb2.FORMAT_TF_EXAMPLE)
        write_splits(
            {Path(artifact_utils.get_split_uri([made], name)): of for name, of in splits.items()}
        )
        return made

    def schema(self, fields: SchemaLike) -> types.Artifact:
        """A Schema of types by feature, a proto, or a ``.pbtxt`` file.

        ``schema({"x": float, "age": int | None, "words": list[str], "sex": ["f", "m"]})``

        Raises:
            UsageError: it is none; names the feature.
        """
        return self.artifact(standard_artifacts.Schema, {SCHEMA_FILE: str(as_schema(fields))})

    def model(self, predict: Predict, fields: SchemaLike) -> types.Artifact:
        """A Model that answers tf.Examples with what ``predict`` makes of their features.

        ``model(lambda features: features["x"] * 2, {"x": float})``

        Raises:
            UsageError: the fields are no schema.
        """
        made = self.artifact(standard_artifacts.Model)
        save_model(predict, as_schema(fields), str(Path(made.uri, "Format-Serving")))
        return made

    def preprocess(
        self, preprocessing_fn: Callable[..., Any], rows: Rows, *given: Any, **named: Any
    ) -> Preprocessed:
        """What a ``preprocessing_fn`` makes of rows; see ``headrace.testing.preprocessing``.

        ``preprocess(preprocessing_fn, rows, schema, not_served=["label"])``

        Raises:
            UsageError: there are no rows, or a column is not in the schema.
            Exception: whatever the function raises.
        """
        from headrace.testing.preprocessing import preprocess

        return preprocess(self.folder("preprocessed"), preprocessing_fn, rows, *given, **named)

    def run(
        self, component: Callable[..., BaseNode], arguments: Mapping[str, Any], options: Options
    ) -> Result:
        """What ``component`` does."""
        importers: list[Importer] = []
        given = {name: self._channel(name, one, importers) for name, one in arguments.items()}
        if isinstance(component, BaseNode):
            raise UsageError(
                f"{component.id} is made already", "give its class, then its arguments by name"
            )
        made = component(**given)
        if not isinstance(made, BaseNode):
            raise UsageError(f"{component!r} makes {type(made).__name__}, which is no component")
        if options.node_id:
            made.with_id(options.node_id)
        request = self._request(made, importers, options)
        for importer in importers:
            self._run_node(replace(request, node_id=importer.id))
        return self._result(made, self._run_node(request))

    @property
    def _database(self) -> Path:
        return self.place / "metadata.sqlite"

    def _request(self, made: BaseNode, importers: list[Importer], options: Options) -> NodeRequest:
        self._runs += 1
        root = str(self.place / "artifacts")
        package_user_modules([made], root)
        pipeline = Pipeline(
            pipeline_name=PIPELINE,
            pipeline_root=root,
            components=[*importers, made],
            enable_cache=options.cache,
        )
        ir = self.place / "ir" / f"{self._runs}.json"
        ir.parent.mkdir(exist_ok=True)
        ir.write_text(lower(pipeline, self.place).ir, encoding="utf-8")
        return NodeRequest(
            ir_path=str(ir),
            node_id=made.id,
            run_id=str(self._runs),
            parameters=dict(options.parameters),
            authored={n: text for n, text in options.parameters.items() if isinstance(text, str)},
            metadata_url=f"sqlite:///{self._database}",
            import_path=self._import_path,
            runner=options.runner,
            beam_args=list(options.beam_args),
            owner="test",
        )

    def _channel(self, name: str, given: Any, importers: list[Importer]) -> Any:
        """The channel of an artifact or a list of them; anything else as it is."""
        if isinstance(given, types.Artifact):
            return self._imported(name, given, importers)
        several = isinstance(given, (list, tuple)) and len(given) > 0
        if several and all(isinstance(one, types.Artifact) for one in given):
            channels = [
                self._imported(f"{name}_{number}", one, importers)
                for number, one in enumerate(given)
            ]
            return channels[0] if len(channels) == 1 else channel_utils.union(channels)
        return given

    def _imported(self, name: str, artifact: types.Artifact, importers: list[Importer]) -> Any:
        # One that is in the store is found there by its URI: it stays the same artifact.
        is_known = bool(artifact.id)
        importer = Importer(
            source_uri=artifact.uri,
            artifact_type=type(artifact),
            properties=None if is_known else _properties(artifact),
            custom_properties=None if is_known else _custom_properties(artifact),
        ).with_id(f"import_{name}")
        importers.append(importer)
        return importer.outputs["result"]

    def _result(self, made: BaseNode, ended: NodeResult) -> Result:
        if ended.execution_id is None:
            return Result(made.id, ended.state, reason=ended.reason)
        store = self.store
        [execution] = store.get_executions_by_id([ended.execution_id])
        events = store.get_events_by_execution_ids([ended.execution_id])
        kept = store.get_artifacts_by_id([event.artifact_id for event in events])
        by_id = {one.id: one for one in kept}
        inputs: dict[str, list[types.Artifact]] = {key: [] for key in made.inputs}
        outputs: dict[str, list[types.Artifact]] = {key: [] for key in made.outputs}
        for event in events:
            is_output = event.type in _OUTPUTS
            key = next(step.key for step in event.path.steps if step.key)
            channel = (made.outputs if is_output else made.inputs).get(key)
            kind = channel.type if channel else types.Artifact
            found = (outputs if is_output else inputs).setdefault(key, [])
            found.append(_read(kind, by_id[event.artifact_id]))
        return Result(made.id, ended.state, "", outputs, inputs, execution)


def _read(kind: type[types.Artifact], kept: Any) -> types.Artifact:
    artifact = kind()
    artifact.set_mlmd_artifact(kept)
    if isinstance(artifact, ValueArtifact):
        artifact.read()
    return artifact


def _properties(artifact: types.Artifact) -> dict[str, Any]:
    names = artifact.PROPERTIES or {}
    kept = artifact.mlmd_artifact.properties
    return {name: getattr(artifact, name) for name in names if name in kept}


def _custom_properties(artifact: types.Artifact) -> dict[str, Any]:
    kept: Iterable[tuple[str, Any]] = artifact.mlmd_artifact.custom_properties.items()
    return {
        name: getattr(value, value.WhichOneof("value"))
        for name, value in kept
        if value.WhichOneof("value") and name not in ("name", "is_external", "state")
    }
