"""On a store of MLMD's own making, read by MLMD afterwards."""

from pathlib import Path

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2 as pb
from tfx.orchestration.portable import execution_publish_utils as publisher
from tfx.types import standard_artifacts

from benchmarks.filled_store import fill
from headrace.node.metadata import open_metadata

NODES = ("A", "B")


def one_run(database: Path) -> None:
    with open_metadata(f"sqlite:///{database}", database) as handle:
        store = handle.store
        contexts = {}
        for kind, name in (
            ("pipeline", "p"),
            ("pipeline_run", "r"),
            ("node", "p.A"),
            ("node", "p.B"),
        ):
            type_id = store.put_context_type(pb.ContextType(name=kind))
            [contexts[name]] = store.put_contexts([pb.Context(type_id=type_id, name=name)])
        store.put_parent_contexts(
            [pb.ParentContext(child_id=contexts["r"], parent_id=contexts["p"])]
        )
        for node in NODES:
            of_node = store.get_contexts_by_id(
                [contexts["p"], contexts["r"], contexts[f"p.{node}"]]
            )
            execution = publisher.register_execution(
                handle, pb.ExecutionType(name=node), of_node, exec_properties={"size": 3}
            )
            model = standard_artifacts.Model()
            model.uri = f"/{node}"
            publisher.publish_succeeded_execution(handle, execution.id, of_node, {"model": [model]})


def test_copies_of_a_run_are_runs_of_the_same_nodes(tmp_path: Path) -> None:
    database = tmp_path / "m.sqlite"
    one_run(database)
    assert fill(database, 10) == 10
    config = pb.ConnectionConfig()
    config.sqlite.filename_uri = str(database)
    store = mlmd.MetadataStore(config)
    runs = store.get_contexts_by_type("pipeline_run")
    assert len(runs) == 5
    for run in runs:
        assert [parent.name for parent in store.get_parent_contexts_by_context(run.id)] == ["p"]
        executions = store.get_executions_by_context(run.id)
        assert sorted(item.type for item in executions) == list(NODES)
        for execution in executions:
            assert execution.custom_properties["size"].int_value == 3
            [event] = store.get_events_by_execution_ids([execution.id])
            [artifact] = store.get_artifacts_by_id([event.artifact_id])
            assert artifact.uri == f"/{execution.type}"
            assert event.path.steps[0].key == "model"
    node = store.get_context_by_type_and_name("node", "p.A")
    assert len(store.get_executions_by_context(node.id)) == 5
    assert len(store.get_artifacts_by_context(node.id)) == 5


def test_a_store_that_has_enough_stays_as_it_is(tmp_path: Path) -> None:
    database = tmp_path / "m.sqlite"
    one_run(database)
    assert fill(database, 2) == 2
