"""The task that lets a DAG run fail when a node did, although a later node succeeded."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator, TriggerRule
from airflow.sdk.exceptions import AirflowFailException


class AnyNodeFailed(BaseOperator):  # type: ignore[misc]
    """Fails if a task before it failed; skipped otherwise.

    Airflow's own pattern for pipelines with tasks that run after failures, called a watcher.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("doc_md", "Fails if any node failed, so that the run does; else skipped.")
        kwargs["retries"] = 0
        super().__init__(trigger_rule=TriggerRule.ONE_FAILED, **kwargs)

    def execute(self, context: Any) -> None:
        """Fail.

        Raises:
            AirflowFailException: always; it is only run where a node failed.
        """
        raise AirflowFailException("a node failed; a node that runs after failures has hidden it")
