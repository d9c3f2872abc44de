import json
from dataclasses import replace
from datetime import timedelta

import pytest
from airflow.sdk import DAG, Param
from airflow.sdk.definitions.taskgroup import TaskGroup
from airflow.serialization.serialized_objects import DagSerialization

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


def render(graph: PipelineGraph = GRAPH, **arguments: object) -> DAG:
    given = {"parameters": {}, "node_args": {}, "dag_args": {}}
    return render_dag(graph, DEFAULTS, **{**given, **arguments})


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


def test_nested_sub_pipelines_and_ids_that_airflow_does_not_know_keep_apart() -> None:
    nodes = (
        Node("Importer.schema", "Importer", NodeKind.IMPORTER),
        Node("Importer.model", "Importer", NodeKind.IMPORTER),
        Node("my node", "Check", NodeKind.COMPONENT),
        Node("outer.A", "A", NodeKind.COMPONENT, group=("outer",)),
        Node("outer.in.ner.B.x", "B", NodeKind.COMPONENT, group=("outer", "in.ner")),
    )
    dag = render(PipelineGraph("my birds", nodes))
    assert dag.dag_id == "my_birds"
    assert {task.task_id: task.node for task in dag.tasks} == {
        "Importer.schema": "Importer.schema",
        "Importer.model": "Importer.model",
        "my_node": "my node",
        "outer.A": "outer.A",
        "outer.in_ner.B.x": "outer.in.ner.B.x",
    }


def test_a_dag_that_is_not_named_as_its_pipeline_has_runs_of_its_own() -> None:
    assert {task.run_prefix for task in render().tasks} == {""}
    assert {task.run_prefix for task in render(dag_id="birds").tasks} == {""}
    assert {task.run_prefix for task in render(dag_id="weekly").tasks} == {"weekly"}


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


@pytest.mark.parametrize("name", ["node", "task_id", "ir_path", "runner"])
def test_arguments_that_are_headraces_own_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"node_args of 'Gen': '{name}' cannot be changed"):
        render(node_args={"Gen": {name: "x"}})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"dag_args": {"colour": "red"}}, "the DAG 'birds'.*unexpected keyword argument 'colour'"),
        ({"dag_id": "my dag"}, "the DAG 'my dag'.*alphanumeric"),
        ({"node_args": {"Gen": {"poool": 1}}}, "(?s)the task of node 'Gen'.*poool"),
        ({"dag_args": {"catchup": True}, "schedule": "@daily"}, "start_date is required"),
    ],
)
def test_what_airflow_refuses_is_one_clear_error(arguments: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        render(**arguments)


def test_a_schedule_needs_a_value_for_every_parameter() -> None:
    graph = PipelineGraph("p", (), (RuntimeParameter("span", ParameterType.INT),))
    with pytest.raises(UsageError, match="values for span"):
        render(graph, schedule="@daily")
    dag = render(graph, schedule="@daily", parameters={"span": "{{ ds_nodash }}"})
    assert dag.params.dump() == {"span": None}


def test_params_of_the_dag_itself_narrow_those_of_the_pipeline() -> None:
    narrow = Param(10, type="integer", minimum=1, maximum=100)
    dag = render(dag_args={"params": {"epochs": narrow, "note": "mine"}})
    assert dag.params.dump() == {"epochs": 10, "note": "mine"}
    assert dag.params.get_param("epochs").schema["maximum"] == 100
    assert render(dag_args={"params": None}).params.dump() == {"epochs": 40}


def test_the_docs_of_the_dag_name_target_and_compilation() -> None:
    defaults = replace(DEFAULTS, target="pipelines/birds.py:create", ir_path="/ir/abc/p.json")
    doc = render_dag(GRAPH, defaults, parameters={}, node_args={}, dag_args={}).doc_md
    for said in (
        "birds",
        "`pipelines/birds.py:create`",
        "`abc`",
        "| Trainer |",
        "| epochs | int |",
    ):
        assert said in doc
    assert render(dag_args={"doc_md": "mine"}).doc_md == "mine"


def test_the_dag_survives_airflows_serialisation() -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    dag = render(parameters={"epochs": "{{ ds_nodash }}"})
    again = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
    assert sorted(again.task_dict) == ["Gen", "Trainer", "inner.Check"]
    assert again.get_task("Trainer").upstream_task_ids == {"Gen"}
    assert again.get_task("Gen").operator_name == "CsvExampleGen"


JUDGED = PipelineGraph(
    name="judged",
    nodes=(
        Node("Trainer", "Trainer", NodeKind.COMPONENT, outputs=(NodeOutput("model", "Model"),)),
        Node(
            "Evaluator",
            "Evaluator",
            NodeKind.BEAM,
            upstream=("Trainer",),
            outputs=(NodeOutput("evaluation", "ModelEvaluation"),),
        ),
        Node("Wait", "Wait", NodeKind.COMPONENT, upstream=("Evaluator",)),
        Node(
            "Pusher",
            "Pusher",
            NodeKind.COMPONENT,
            upstream=("Trainer", "Wait"),
            inputs=(NodeInput("model", "Model", (("Trainer", "model"),), optional=True),),
        ),
    ),
)


def test_a_node_to_be_approved_waits_for_a_task_that_asks() -> None:
    dag = render(JUDGED, approve={"Pusher": {"subject": "Push?", "defaults": "Reject"}})
    asks = dag.get_task("approve_Pusher")
    assert asks.upstream_task_ids == {"Trainer", "Wait"}
    assert dag.get_task("Pusher").upstream_task_ids == {"Trainer", "Wait", "approve_Pusher"}
    assert (asks.subject, asks.defaults) == ("Push?", ["Reject"])
    assert (asks.required, asks.evaluated_by) == (["Trainer"], ["Evaluator"])


def test_a_node_of_a_sub_pipeline_is_asked_about_in_its_group() -> None:
    dag = render(approve={"inner.Check": {}})
    assert "inner.approve_Check" in dag.task_dict


def test_an_approval_of_a_node_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="approve: there is no node 'Push'"):
        render(approve={"Push": {}})


def test_an_argument_that_airflow_does_not_take_is_told_with_the_node() -> None:
    with pytest.raises(UsageError, match="the approval of node 'Trainer'"):
        render(approve={"Trainer": {"colour": "red"}})


LIMITS = {
    "retries": 3,
    "retry_delay": timedelta(seconds=7),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
    "execution_timeout": timedelta(hours=2),
    "max_active_tis_per_dag": 1,
    "max_active_tis_per_dagrun": 2,
    "pool": "gpu",
    "pool_slots": 2,
    "priority_weight": 5,
}


@pytest.mark.parametrize("through", ["default_args", "node_args"])
def test_retries_time_outs_and_limits_of_tasks_are_airflows_own(through: str) -> None:
    given = {"default_args": {"dag_args": {"default_args": LIMITS}}}
    arguments = given.get(through, {"node_args": {"Trainer": LIMITS}})
    [task] = [task for task in render(**arguments).tasks if task.task_id == "Trainer"]
    assert {name: getattr(task, name) for name in LIMITS} == LIMITS
    # As the scheduler, which acts on them, reads it.
    kept = DagSerialization.from_dict(DagSerialization.to_dict(render(**arguments)))
    known = kept.get_task("Trainer")
    assert {name: getattr(known, name) for name in LIMITS} == LIMITS


def test_limits_of_a_dag_are_airflows_own() -> None:
    limits = {"dagrun_timeout": timedelta(hours=3), "max_active_runs": 2, "max_active_tasks": 4}
    kept = DagSerialization.from_dict(DagSerialization.to_dict(render(dag_args=limits)))
    assert {name: getattr(kept, name) for name in limits} == limits
