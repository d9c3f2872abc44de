"""The task that asks a person before a node runs, with the evaluation in its form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator

RESULT = "return_value"
_MOST_SLICES = 8
_MOST_FINDINGS = 30


class NodeApproval(ApprovalOperator):  # type: ignore[misc]
    """Asks a person whether a node may run; "Reject" skips it.

    A model that is not blessed is not asked about: nothing would come of it. Nor is anything where
    a node before it was skipped, so that there is nothing to run on.

    Args:
        node: id of the node.
        required: tasks without whose outputs it cannot run.
        evaluated_by: tasks whose results may have an evaluation.
    """

    body: str

    def __init__(
        self,
        *,
        node: str,
        required: Sequence[str] = (),
        evaluated_by: Sequence[str] = (),
        subject: str = "",
        body: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(subject=subject or f"Run {node}?", body=body, **kwargs)
        self.node = node
        self.required = list(required)
        self.evaluated_by = list(evaluated_by)

    def execute(self, context: Any) -> Any:
        """Put what is known of the model into the form, and ask."""
        instance = context["ti"]
        missing = [name for name in self.required if _result(instance, name) is None]
        if missing:
            self.log.info("%s has put nothing out, so nobody is asked", ", ".join(missing))
            return None
        found = {name: _evaluation(instance, name) for name in self.evaluated_by}
        if any(item.get("blessed") is False for item in found.values()):
            self.log.info("The model is not blessed, so nobody is asked")
            return None
        inputs = [item for name in self.required for item in _outputs(instance, name)]
        self.body = form(self.body, inputs, found)
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Log who has answered what; a rejection skips the node."""
        if "chosen_options" in event:
            user = (event.get("responded_by_user") or {}).get("name") or "nobody, in time"
            self.log.info("%s: answered by %s", ", ".join(event["chosen_options"]), user)
        return super().execute_complete(context, event)


def form(
    body: str, inputs: Sequence[Mapping[str, Any]], evaluations: Mapping[str, Mapping[str, Any]]
) -> str:
    """The text of the form, in Markdown."""
    parts = [body] if body else []
    if inputs:
        parts.append(
            "\n".join(f"- {item['type']} {item['id']}: `{item['uri']}`" for item in inputs)
        )
    for name, found in evaluations.items():
        if found:
            parts.append("\n\n".join(_told(name, found)))
    return "\n\n".join(parts)


def _told(name: str, found: Mapping[str, Any]) -> Iterator[str]:
    blessed = {True: "blessed", False: "not blessed", None: "not judged"}[found.get("blessed")]
    yield f"**{name}**: {blessed}"
    metrics: Mapping[str, Mapping[str, float | None]] = found.get("metrics") or {}
    if metrics:
        yield _table(metrics)
        more = len(metrics) - _MOST_SLICES
        if more > 0:
            yield f"and {more} more slices"
    lines = list(found.get("findings") or [])
    if lines:
        yield "\n".join(f"- {line}" for line in lines[:_MOST_FINDINGS])
    if len(lines) > _MOST_FINDINGS:
        yield f"and {len(lines) - _MOST_FINDINGS} more thresholds"


def _table(metrics: Mapping[str, Mapping[str, float | None]]) -> str:
    slices = list(metrics)[:_MOST_SLICES]
    names = list(dict.fromkeys(name for of_slice in metrics.values() for name in of_slice))
    rows = [
        ["metric", *slices],
        ["---"] * (len(slices) + 1),
        *([name, *(_cell(metrics[key].get(name)) for key in slices)] for name in names),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _result(instance: Any, task_id: str) -> Any:
    return instance.xcom_pull(task_ids=task_id, key=RESULT)


def _evaluation(instance: Any, task_id: str) -> Mapping[str, Any]:
    return dict((_result(instance, task_id) or {}).get("evaluation") or {})


def _outputs(instance: Any, task_id: str) -> list[Mapping[str, Any]]:
    return list((_result(instance, task_id) or {}).get("outputs") or [])
