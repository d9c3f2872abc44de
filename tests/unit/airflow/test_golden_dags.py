"""The DAGs of the golden pipelines: tasks, edges, trigger rules, params and groups.

Refreshed with the pipelines' own golden files: tests/integration/compiler/test_golden.py says how;
the same option, given to this file, writes the DAGs anew from them.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.airflow.render import NodeDefaults, render_dag
from headrace.graph.reader import read_graph

GOLDEN = Path(__file__).parents[2] / "data" / "ir"
NAMES = sorted(path.name.partition(".")[0] for path in GOLDEN.glob("*.graph.json"))


def dag_of(name: str) -> dict[str, Any]:
    graph = read_graph(GOLDEN / f"{name}.json")
    defaults = NodeDefaults("/ir/key/pipeline.json", ("/project",), "/project", "direct")
    dag = render_dag(graph, defaults, parameters={}, node_args={}, dag_args={})
    return {
        "dag_id": dag.dag_id,
        "params": {name: param.schema for name, param in dag.params.items()},
        "tasks": {
            task.task_id: {
                "operator": task.operator_name,
                "upstream": sorted(task.upstream_task_ids),
                "trigger_rule": str(task.trigger_rule.value),
                "group": task.task_group.group_id,
            }
            for task in dag.tasks
        },
        "groups": sorted(group for group in dag.task_group_dict if group),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_pipeline_becomes_its_golden_dag(
    name: str, request: pytest.FixtureRequest
) -> None:
    path = GOLDEN / f"{name}.dag.json"
    text = json.dumps(dag_of(name), indent=1) + "\n"
    if request.config.getoption("--refresh-golden"):
        path.write_text(text)
    assert path.read_text() == text, "see this file's first lines"
