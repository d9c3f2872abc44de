import json

import pytest
from airflow.sdk import DAG
from airflow.sdk.definitions.taskgroup import TaskGroup

from headrace.airflow.render import NodeDefaults, render_dag
from headrace.errors import UsageError
from headrace.graph.entities import (
    Node,
    NodeInput,
    NodeKind,
    NodeOutput,
    ParameterType,
    PipelineGraph,
    RuntimeParameter,
)

GRAPH = PipelineGraph(
    name="birds",
    nodes=(
        Node("Gen", "CsvExampleGen", NodeKind.BEAM, outputs=(NodeOutput("examples", "Examples"),)),
        Node(
            "Trainer",
            "Trainer",
            NodeKind.COMPONENT,
            executor="tfx.components.trainer.executor.GenericExecutor",
            upstream=("Gen",),
            inputs=(NodeInput("examples", "Examples", (("Gen", "examples"),)),),
            outputs=(NodeOutput("model", "Model"),),
            parameters=("epochs",),
        ),
        Node("inner.Check", "Check", NodeKind.COMPONENT, upstream=("Trainer",), group=("inner",)),
    ),
    parameters=(RuntimeParameter("epochs", ParameterType.INT, 40, ("Trainer",)),),
)
DEFAULTS = NodeDefaults("/ir/pipeline.json", ("/p",), "/p", "direct")


def render(**arguments: object) -> DAG:
    given = {"dag_id": "birds", "schedule": None, "parameters": {}, "node_args": {}, "dag_args": {}}
    return render_dag(GRAPH, DEFAULTS, **{**given, **arguments})


def test_every_node_is_a_task_with_tfxs_dependencies() -> None:
    dag = render()
    edges = {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks}
    assert edges == {"Gen": [], "Trainer": ["Gen"], "inner.Check": ["Trainer"]}
    assert {task.trigger_rule.value for task in dag.tasks} == {"all_success"}
    assert dag.params.dump() == {"epochs": 40}
    assert (dag.catchup, dag.schedule) == (False, None)


def test_a_sub_pipeline_is_a_task_group() -> None:
    dag = render()
    assert isinstance(dag.task_group.children["inner"], TaskGroup)
    assert list(dag.task_group.children["inner"].children) == ["inner.Check"]


def test_a_task_knows_its_node_and_only_its_parameters() -> None:
    dag = render(parameters={"epochs": "{{ ds_nodash }}"})
    trainer, gen = dag.get_task("Trainer"), dag.get_task("Gen")
    assert (trainer.node, trainer.ir_path) == ("Trainer", "/ir/pipeline.json")
    assert trainer.parameter_types == {"epochs": "int"}
    assert trainer.templates == {"epochs": "{{ ds_nodash }}"}
    assert (gen.parameter_types, gen.templates) == ({}, {})


def test_the_docs_of_a_task_say_component_inputs_and_outputs() -> None:
    doc = render().get_task("Trainer").doc_md
    for said in ("Trainer", "GenericExecutor", "Gen.examples", "Examples", "Model", "epochs"):
        assert said in doc


def test_arguments_of_the_dag_and_of_single_nodes_are_passed_on() -> None:
    dag = render(
        dag_args={"tags": ["mine"], "max_active_runs": 2, "default_args": {"retries": 3}},
        node_args={"Trainer": {"retries": 7, "pool": "gpu"}},
    )
    assert (dag.tags, dag.max_active_runs) == ({"mine"}, 2)
    assert dag.get_task("Gen").retries == 3
    assert (dag.get_task("Trainer").retries, dag.get_task("Trainer").pool) == (7, "gpu")


def test_arguments_for_a_node_that_does_not_exist_are_refused() -> None:
    with pytest.raises(UsageError, match="no node 'Trainor'"):
        render(node_args={"Trainor": {}})


def test_the_dag_survives_airflows_serialisation() -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    dag = render(parameters={"epochs": "{{ ds_nodash }}"})
    again = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
    assert sorted(again.task_dict) == ["Gen", "Trainer", "inner.Check"]
    assert again.get_task("Trainer").upstream_task_ids == {"Gen"}
