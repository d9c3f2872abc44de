"""Names of the calls that a job's client makes, on the wire."""

from __future__ import annotations

SERVICE = "headrace.worker_pool.v1.WorkerPool"
FOLLOW = "Follow"
BIND = "Bind"
END = "End"
