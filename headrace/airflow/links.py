"""The buttons of a task in Airflow's UI."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperatorLink


class FlinkJobLink(BaseOperatorLink):  # type: ignore[misc]
    """To the newest job of a node in Flink's web UI; none where the node has had no job.

    Airflow's API server reads the address from the XCom of this key, which the operator writes as
    soon as there is a job. When the task ends, Airflow asks again, and writes what it is told.
    """

    name = "Flink job"
    xcom_key = "flink_job"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        # Not above: it is for running tasks, and a DAG file is parsed without it.
        from airflow.sdk.execution_time.xcom import XCom

        found = XCom.get_value(key=self.xcom_key, ti_key=ti_key)
        return str(found or "")
