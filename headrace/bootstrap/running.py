"""Runs the installer's commands, and says in one message why one failed."""

from __future__ import annotations

import contextlib
import errno
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headrace.bootstrap.machine import proxy_of, without_credentials
from headrace.bootstrap.progress import Progress
from headrace.errors import HeadraceError

_TAIL_LINES = 60
_NETWORK_SIGNS = (
    "error sending request",
    "client error (connect)",
    "connection refused",
    "connection reset",
    "dns error",
    "name resolution",
    "network is unreachable",
    "no route to host",
    "tunnel error",
    "operation timed out",
    "connection timed out",
    "read timed out",
    "max retries exceeded",
    "cannot connect to proxy",
    "proxyerror",
    "newconnectionerror",
    "network connectivity is disabled",
    "could not connect",
)
_DISK_SIGNS = ("no space left on device", "os error 28", "disk quota exceeded", "errno 28")
# Variables that would have an interpreter or an installer work somewhere else, or on other files
# than the locks name. Those on indexes, proxies, certificates and caches are the user's to set.
_DROPPED = frozenset(
    ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "CONDA_PREFIX"]
    + ["PIP_" + name for name in ("TARGET", "PREFIX", "ROOT", "USER", "CONSTRAINT", "NO_BINARY")]
    + ["UV_" + name for name in ("PYTHON", "SYSTEM_PYTHON", "MANAGED_PYTHON", "PROJECT")]
    + ["UV_" + name for name in ("WORKING_DIR", "CONSTRAINT", "OVERRIDE", "BUILD_CONSTRAINT")]
    + ["UV_" + name for name in ("NO_VERIFY_HASHES", "REQUIRE_HASHES", "EXCLUDE_NEWER")]
    + ["UV_" + name for name in ("NO_BUILD_ISOLATION", "NO_BINARY", "ONLY_BINARY", "NO_BUILD")]
)
_AGAIN = "then run the same command again: it goes on where it stopped"


@dataclass(frozen=True)
class Runner:
    """How commands of one set-up are run.

    Args:
        progress: where a command's newest line shows.
        environ: the whole environment of each command.
        lock: the set-up's lock, which each command inherits.
        log: a file that gets every line that a command prints.
        disks: directories that the set-up writes to, for the message on a full disk.
    """

    progress: Progress
    environ: Mapping[str, str]
    lock: int
    log: Path
    disks: tuple[Path, ...]

    def run(
        self, what: str, command: Sequence[str | Path], shown: Mapping[str, str] | None = None
    ) -> None:
        """Run a command to its end.

        Args:
            what: names the work in an error: ``the tfx environment``.
            shown: what to show as the running detail for lines that begin so.

        Raises:
            HeadraceError: it failed; the message says why and what to do.
        """
        process = subprocess.Popen(
            [str(part) for part in command],
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            pass_fds=(self.lock,),
        )
        try:
            tail = self._follow(process, shown or {})
            code = process.wait()
        except BaseException:
            _end(process)
            raise
        if code != 0:
            raise self._explain(what, code, tail)

    def _follow(self, process: subprocess.Popen[str], shown: Mapping[str, str]) -> list[str]:
        tail: deque[str] = deque(maxlen=_TAIL_LINES)
        assert process.stdout is not None
        with contextlib.ExitStack() as stack:
            log = None
            with contextlib.suppress(OSError):
                self.log.parent.mkdir(parents=True, exist_ok=True)
                log = stack.enter_context(self.log.open("a", encoding="utf-8"))
            for raw in process.stdout:
                line = without_credentials(raw.rstrip())
                if not line:
                    continue
                tail.append(line)
                begins = next((start for start in shown if line.startswith(start)), None)
                self.progress.detail(line if begins is None else shown[begins])
                if log is not None:
                    with contextlib.suppress(OSError):
                        log.write(line + "\n")
                        log.flush()
        return list(tail)

    def _explain(self, what: str, code: int, tail: list[str]) -> HeadraceError:
        text = "\n".join(tail).lower()
        if any(sign in text for sign in _DISK_SIGNS):
            return disk_full(self.disks)
        if "hash mismatch" in text or "do not match the hashes" in text:
            return HeadraceError(
                f"{what}: a downloaded file is not the one that the lock names:\n{_last(tail, 8)}",
                "nothing was installed from it; check the package index or mirror it came from",
            )
        if any(sign in text for sign in _NETWORK_SIGNS):
            return no_network(what, self.environ, _cause(tail))
        ended = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"failed ({code})"
        return HeadraceError(
            f"{what}: the installer {ended}:\n{_last(tail, 15)}", f"everything it said: {self.log}"
        )


def disk_full(disks: Sequence[Path]) -> HeadraceError:
    """Return the error for a disk that filled up, with the room left on each."""
    rooms = []
    for disk in disks:
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(nearest_existing(disk)).free
            rooms.append(f"{disk} has {free / 1e9:.1f} GB left")
    return HeadraceError(
        f"the disk is full ({'; '.join(dict.fromkeys(rooms))})",
        "free some room, or let HEADRACE_HOME (the environments) and UV_CACHE_DIR (downloads) "
        f"name a larger disk, {_AGAIN}",
    )


def no_network(what: str, environ: Mapping[str, str], cause: str) -> HeadraceError:
    """Return the error for a package index that cannot be reached."""
    proxy = proxy_of(environ)
    through = f" through the proxy {proxy}" if proxy else ""
    reason = f": {cause}" if cause else ""
    return HeadraceError(
        f"{what}: the package index cannot be reached{through}{reason}",
        "check the network, HTTPS_PROXY, and the index-url of pip's configuration or "
        f"UV_DEFAULT_INDEX, {_AGAIN}",
    )


def explain_os_error(error: OSError, disks: Sequence[Path]) -> HeadraceError:
    """Return the error for a file that could not be read or written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(disks)
    where = f"{error.filename}: " if error.filename else ""
    hint = ""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        hint = "set HEADRACE_HOME to a directory that you may write to"
    return HeadraceError(f"{where}{error.strerror or error}", hint)


def nearest_existing(path: Path) -> Path:
    """Return the path itself, or the nearest directory above it that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last(lines: list[str], count: int) -> str:
    return "\n".join(f"    {line}" for line in lines[-count:])


def _cause(lines: list[str]) -> str:
    """Return the innermost reason that the installer gives."""
    signs = [line for line in lines if any(sign in line.lower() for sign in _NETWORK_SIGNS)]
    text = signs[-1] if signs else ""
    return text.strip().removeprefix("Caused by:").strip()[:200]


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return a user's environment without what would bend an interpreter started from here."""
    return {
        name: value
        for name, value in environ.items()
        if name not in _DROPPED and not name.startswith("__PYVENV")
    } | {"PYTHONNOUSERSITE": "1"}
