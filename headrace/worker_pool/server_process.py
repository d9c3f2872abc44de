"""The preloaded servers as children of the pool: started, connected to, and started again."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

from headrace.settings import Keras

_CONNECT_SECONDS = 180.0
"""Importing TFX takes up to a minute on a cold disk; connections wait for it in the backlog."""
_STOP_SECONDS = 8.0
_log = logging.getLogger("headrace.worker_pool")


class PreloadedServers:
    """A server for each Keras that jobs want; a process can have only one."""

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        self._arguments = tuple(arguments)
        self._lock = threading.Lock()
        self._servers: dict[Keras, PreloadedServer] = {}
        # The kernel ends a server with the thread that started it, so that is one that stays.
        self._starter = ThreadPoolExecutor(1)

    def get(self, keras: Keras) -> PreloadedServer:
        """The server for this Keras, started where it is asked for the first time."""
        with self._lock:
            if keras not in self._servers:
                server = PreloadedServer(self._arguments, keras, self._starter)
                server.start()
                self._servers[keras] = server
            return self._servers[keras]

    def keep_running(self) -> None:
        """Start again what has died; its harnesses have died with it."""
        for server in list(self._servers.values()):
            server.keep_running()

    def stop(self) -> None:
        """End every server and every harness."""
        with self._lock:
            servers = list(self._servers.values())
        with ThreadPoolExecutor(max(1, len(servers))) as stops:
            list(stops.map(PreloadedServer.stop, servers))


class PreloadedServer:
    """Owns one process, and the directory of its socket."""

    def __init__(self, arguments: Sequence[str], keras: Keras, starter: Executor) -> None:
        self.token = secrets.token_hex(16)
        self._arguments = tuple(arguments)
        self._keras = keras
        self._starter = starter
        self._directory = Path(tempfile.mkdtemp(prefix="headrace-pool-"))
        self._socket = self._directory / "server.sock"
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def start(self) -> None:
        """Start the process."""
        with self._lock:
            self._start()

    def keep_running(self) -> None:
        """Start it again if it has died; its harnesses have died with it."""
        with self._lock:
            if self._stopped or self._process is None or self._process.poll() is None:
                return
            _log.error(
                "the preloaded server ended with %s; another is started", self._process.returncode
            )
            self._start()

    @property
    def environ(self) -> dict[str, str]:
        """Of the server, and of the harnesses that it forks."""
        return {**os.environ, "GRPC_ENABLE_FORK_SUPPORT": "0", **self._keras.environ}

    def connect(self) -> socket.socket:
        """Return a connection, as soon as the process listens.

        Raises:
            OSError: it does not within three minutes.
        """
        deadline = time.monotonic() + _CONNECT_SECONDS
        while True:
            stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                stream.connect(str(self._socket))
                return stream
            except (FileNotFoundError, ConnectionRefusedError):
                stream.close()
                if self._stopped or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def stop(self) -> None:
        """End the process and every harness that it forked."""
        with self._lock:
            self._stopped = True
            process = self._process
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _start(self) -> None:
        # This interpreter, never a "python" that happens to be first on PATH.
        command = [sys.executable, "-m", "headrace.worker_pool.preloaded"]
        options = [f"--socket={self._socket}", f"--token={self.token}"]
        self._process = self._starter.submit(
            subprocess.Popen,
            [*command, *options, *self._arguments],
            stdin=subprocess.DEVNULL,
            env=self.environ,
        ).result()
