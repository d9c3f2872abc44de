"""Starts a launcher server, detached from whoever needed it first."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil

import headrace
from headrace.errors import HeadraceError
from headrace.files import exclusive_lock
from headrace.launcher.paths import LauncherPaths, launcher_paths
from headrace.launcher.peers import same_user
from headrace.services.identity import ProcessIdentity, wait_until_gone
from headrace.settings import Keras, Settings

_BIND_SECONDS = 30.0
_STOP_SECONDS = 15.0
_LOG_TAIL_BYTES = 4000


class LauncherUnavailable(HeadraceError):
    """No launcher server can be reached or started."""

    transient = True


def connect(paths: LauncherPaths) -> socket.socket | None:
    """Return a connection to the running server, or None if there is none.

    Raises:
        LauncherUnavailable: somebody else's process listens there.
    """
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        stream.connect(str(paths.socket))
    except (FileNotFoundError, ConnectionRefusedError):
        stream.close()
        return None
    if not same_user(stream):
        stream.close()
        raise LauncherUnavailable(f"the process that listens on {paths.socket} is another user's")
    return stream


def connect_or_start(
    settings: Settings, fingerprint: str, say: Callable[[str], None]
) -> socket.socket:
    """Return a connection; where no server runs, one caller starts it and the others wait.

    Raises:
        LauncherUnavailable: it cannot be started; the message has the end of its log.
    """
    paths = launcher_paths(settings)
    stream = connect(paths)
    if stream is not None:
        return stream
    with exclusive_lock(paths.lock):
        stream = connect(paths)
        if stream is not None:
            return stream
        say("Starting the launcher, which imports TFX once for all nodes")
        process = _start(settings, paths, fingerprint)
        deadline = time.monotonic() + _BIND_SECONDS
        while time.monotonic() < deadline:
            stream = connect(paths)
            if stream is not None:
                return stream
            if process.poll() is not None:
                break
            time.sleep(0.02)
    raise LauncherUnavailable("the launcher did not start", log_tail(paths))


def _start(settings: Settings, paths: LauncherPaths, fingerprint: str) -> subprocess.Popen[bytes]:
    if not settings.tfx_python.exists():
        raise LauncherUnavailable(
            f"there is no TFX environment: {settings.tfx_python} does not exist",
            "run bin/headrace setup, or set HEADRACE_TFX_PYTHON to its interpreter",
        )
    command = [
        str(settings.tfx_python),
        "-m",
        "headrace.launcher.server",
        f"--socket={paths.socket}",
        f"--state={paths.state}",
        f"--fingerprint={fingerprint}",
        f"--idle-seconds={settings.launcher_idle_seconds}",
        f"--nodes={settings.launcher_nodes}",
    ]
    log = os.open(paths.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=tfx_environ(settings),
            start_new_session=True,
        )
    except OSError as error:
        raise LauncherUnavailable(
            f"{settings.tfx_python} cannot be run: {error.strerror}",
            "run bin/headrace doctor",
        ) from None
    finally:
        os.close(log)


def tfx_environ(settings: Settings) -> dict[str, str]:
    """The environment of a process of the TFX side: the caller's, without what is Airflow's.

    Airflow's variables hold its secrets, which a node has no need of.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW__", "AIRFLOW_CONN_", "AIRFLOW_VAR_", "_AIRFLOW"))
        and name not in ("VIRTUAL_ENV", "HEADRACE_METADATA_URL", "PYTHONHOME")
    }
    kept["PATH"] = os.pathsep.join((str(settings.tfx_python.parent), kept.get("PATH", os.defpath)))
    kept["HEADRACE_PROJECT"] = str(settings.project)
    kept["HEADRACE_HOME"] = str(settings.home)
    kept["GRPC_ENABLE_FORK_SUPPORT"] = "0"
    kept.update((settings.keras or Keras.THREE).environ)
    kept.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    sources = Path(headrace.__file__).resolve().parent.parent
    if sources.name not in ("site-packages", "dist-packages"):
        # Run from its repository; an installed headrace is in the TFX environment by itself.
        inherited = [path for path in kept.get("PYTHONPATH", "").split(os.pathsep) if path]
        kept["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([str(sources), *inherited]))
    return kept


def log_tail(paths: LauncherPaths) -> str:
    """The end of the server's log, for an error message."""
    try:
        text = paths.log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace")
    except OSError:
        return f"see {paths.log}"
    return "\n".join([f"the end of {paths.log}:", *text.splitlines()[-15:]])


def launcher_process(settings: Settings) -> psutil.Process | None:
    """The process of the running server for the settings' Keras, or None."""
    paths = launcher_paths(settings)
    try:
        process = psutil.Process(int(json.loads(paths.state.read_text())["pid"]))
        ours = any("headrace.launcher.server" in part for part in process.cmdline())
    except (OSError, ValueError, KeyError, psutil.Error):
        return None
    return process if ours and f"--socket={paths.socket}" in process.cmdline() else None


def launcher_processes(settings: Settings) -> dict[Keras, psutil.Process]:
    """The processes of the running servers, by the Keras that they have imported."""
    found = {keras: launcher_process(replace(settings, keras=keras)) for keras in Keras}
    return {keras: process for keras, process in found.items() if process is not None}


def stop_launcher(settings: Settings) -> bool:
    """Stop the running servers and their jobs; return whether there was one."""
    processes = launcher_processes(settings).values()
    for process in processes:
        end_process(process)
    return bool(processes)


def end_process(process: psutil.Process) -> None:
    """Have a process end, by force if it does not; it may be left to its parent to reap."""
    # Not psutil's own waiting: it lasts until the parent has reaped the process, and one whose
    # parent has ended may never be, as in a container without an init.
    try:
        identity = ProcessIdentity.of(process.pid)
        process.terminate()
        if not wait_until_gone(identity, _STOP_SECONDS):
            process.kill()
            wait_until_gone(identity, _STOP_SECONDS)
    except psutil.NoSuchProcess:
        return
