"""Workers of Beam's ``multi_processing`` mode, forked: TFX is imported in them already.

Beam starts each worker as ``python -m apache_beam.runners.worker.sdk_worker_main``, which imports
TFX again, for every job and every core. Here they are forked from a process that the node has
forked from itself before it had any thread, as the launcher has forked the node.
"""

from __future__ import annotations

import array
import contextlib
import gc
import json
import logging
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import numpy as np

from headrace.launcher.processes import die_with_parent, end_forked_process

_MODE = "multi_processing"
_log = logging.getLogger(__name__)


def fork_workers_for(arguments: Iterable[str]) -> bool:
    """Let the Beam jobs of this process fork their workers, where its arguments want processes.

    Returns:
        Whether they do.
    """
    if not any(_MODE in argument for argument in arguments):
        return False
    if threading.active_count() > 1:
        return False  # a fork would copy locks that other threads hold; Beam's own way works
    from apache_beam.runners.portability import local_job_service

    local_job_service.subprocess = _InPlaceOfSubprocess(_fork_template())
    return True


class _InPlaceOfSubprocess:
    """What Beam's module that starts workers uses of the module ``subprocess``."""

    def __init__(self, template: socket.socket) -> None:
        self._template = template
        self._lock = threading.Lock()

    def Popen(self, command: str, shell: bool, env: Mapping[str, str]) -> Any:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                with self._lock:
                    socket.send_fds(self._template, [b"w"], [theirs.fileno()])
            except OSError:
                ours.close()
                _log.warning("the process that forks Beam's workers is gone: they are started anew")
                return subprocess.Popen(command, shell=shell, env=env)
        return ForkedWorker(ours, env)


class ForkedWorker:
    """A worker's process, as ``subprocess.Popen`` has it."""

    def __init__(self, stream: socket.socket, environ: Mapping[str, str]) -> None:
        self.returncode: int | None = None
        self._stream = stream
        self._lines = stream.makefile("r")
        with contextlib.suppress(OSError):
            stream.sendall(json.dumps(dict(environ)).encode() + b"\n")
        self.pid = int(self._lines.readline() or 0)

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        if self.returncode is None and select.select([self._stream], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self) -> int:
        """Wait for the end; a worker that ended with its parent was killed."""
        if self.returncode is None:
            self.returncode = int(self._lines.readline() or -signal.SIGKILL)
            self._lines.close()
            self._stream.close()
        return self.returncode

    def kill(self) -> None:
        """End it."""
        if self.pid and self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def _fork_template() -> socket.socket:
    """Fork the process that forks workers; return the socket that it is asked on."""
    ours, theirs = socket.socketpair()
    gc.freeze()
    if os.fork() == 0:
        try:
            os.closerange(3, theirs.fileno())
            os.closerange(theirs.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
            _serve(theirs)
        finally:
            os._exit(1)
    theirs.close()
    return ours


def _serve(asked: socket.socket) -> NoReturn:
    """Fork a worker for each stream that comes, and tell it its pid and how it ended."""
    die_with_parent()
    logging.getLogger().handlers.clear()  # the node's own, whose pipe is closed here
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    ended, wake = os.pipe()
    os.set_blocking(ended, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    workers: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([asked.fileno(), ended], [], [])
        if ended in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(ended, 512)
            _tell_of_ends(workers)
        if asked.fileno() in ready:
            data, found, _, _ = socket.recv_fds(asked, 1, 1)
            if not data:
                os._exit(0)
            for descriptor in array.array("i", found):
                stream = socket.socket(fileno=descriptor)
                pid = os.fork()
                if pid == 0:
                    _become_worker(stream)
                workers[pid] = stream
                with contextlib.suppress(OSError):
                    stream.sendall(b"%d\n" % pid)


def _tell_of_ends(workers: dict[int, socket.socket]) -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with workers.pop(pid) as stream, contextlib.suppress(OSError):
                stream.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _become_worker(stream: socket.socket) -> NoReturn:
    """In the forked process: what Beam's own command would do, with the environment that comes."""
    code = 1
    try:
        die_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with stream, stream.makefile("r") as lines:
            environ = json.loads(lines.readline())
        os.environ.clear()
        os.environ.update(environ)
        path = environ.get("PYTHONPATH", "").split(os.pathsep)
        sys.path[:] = dict.fromkeys([*filter(None, path), *sys.path])
        random.seed()
        np.random.seed()
        from apache_beam.runners.worker import sdk_worker_main

        sdk_worker_main.main([])
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        end_forked_process(code)
