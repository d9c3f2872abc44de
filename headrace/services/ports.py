"""Ports on the loopback interface."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass

import psutil

from headrace.errors import UsageError

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    """Where an instance listens: its UI and REST API, and the server of its tasks' logs."""

    api: int
    logs: int


def loopback() -> str:
    """The name that components call each other by (Airflow's ``hostname_callable``).

    A look-up of the machine's own name takes seconds where no name server answers.
    """
    return HOST


def free_port() -> int:
    """A port that is free now, chosen by the kernel."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def require_free(port: int) -> int:
    """Return ``port`` if a server can listen on it.

    Raises:
        UsageError: it is in use, by the process named, or not a port.
    """
    if not 0 < port < 65536:
        raise UsageError(f"--port must be from 1 to 65535, not {port}")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UsageError(
                f"port {port} cannot be used: {error.strerror}{_used_by(port)}",
                "choose another with --port, or leave it out to have a free one",
            ) from None
    return port


def _used_by(port: int) -> str:
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and tuple(connection.laddr)[1:] == (port,) and connection.pid:
                name = psutil.Process(connection.pid).name()
                return f" (by process {connection.pid}, {name})"
    return ""
