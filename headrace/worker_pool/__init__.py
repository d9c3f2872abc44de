"""Beam's external worker pool: forks SDK harnesses from a process that has TFX imported.

Started beside a TaskManager with ``python -m headrace.worker_pool``. Processes, outermost first:

- the pool (``service``, ``harnesses``, ``memory``): answers TaskManagers and clients over gRPC. It
  has threads, so it never forks itself.
- the preloaded server (``preloaded``): the launcher's fork server with another job to do.
- the harnesses (``harness``): one process each, as long as its TaskManager wants it.

Any process that can connect to the pool's port can have it run code, as with every Beam worker pool
and with Flink's own REST API: it listens on the loopback interface unless told otherwise.
"""
