"""Processes that have opened the metadata store before there is a node for them.

On a database server that takes ML Metadata thirty round trips, for each node anew: a connection
cannot be handed to another process, nor survive a fork. So the server keeps one process for each
store at hand that has opened it, and the next node of that store is run there. On SQLite opening
costs next to nothing, and there is none.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from headrace.launcher import child
from headrace.launcher.forked import Forked, fork_process
from headrace.launcher.protocol import Request, encode
from headrace.settings import parse_metadata_url

REST_SECONDS = 25.0
"""So long one stands by, and is replaced: a node would make a connection anew that has rested."""
WANTED_SECONDS = 120.0
"""So long after a node of a store has begun or ended there is one for the next."""
_RENEW_SECONDS = 15.0
_MOST = 4
_CLIENT_VARIABLES = ("PG", "MYSQL", "HOME", "SSL")
"""Variables of the environment that the databases' clients read begin with these."""

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class _Standby:
    """A process that stands by.

    Attributes:
        like: the request that it has prepared itself with.
        wanted: when a node of its store has begun or ended last, by the monotonic clock.
        made: when it was forked.
        letter: a file in memory that its request is written to.
        go: it reads the other end, and begins when something comes.
        ready: it writes to the other end when it has opened the store.
    """

    process: Forked
    like: Request
    wanted: float
    made: float
    letter: int
    go: int
    ready: int

    def begin(self, request: Request) -> bool:
        """Let it do this, if it is ready; return whether it is."""
        try:
            if not os.read(self.ready, 1):
                return False
            with os.fdopen(os.dup(self.letter), "wb") as letter:
                letter.write(encode(request))
            os.write(self.go, b"!")
        except OSError:  # not yet, or it has died
            return False
        return True

    def close(self) -> None:
        for descriptor in (self.letter, self.go, self.ready):
            os.close(descriptor)


class Standbys:
    """At most one process for each store.

    Args:
        operations, preparations: as of ``child.stand_by``.
        now: the monotonic clock.
    """

    def __init__(
        self,
        operations: child.Operations,
        preparations: child.Preparations,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._operations, self._preparations, self._now = operations, preparations, now
        self._standbys: dict[Key, _Standby] = {}
        self._is_closed = False

    def take(self, request: Request) -> Forked | None:
        """The process that does this from now on, if one is ready for it."""
        key = self._key(request)
        standby = self._standbys.get(key) if key is not None else None
        if key is None or standby is None or not standby.begin(request):
            return None
        standby.close()
        return self._standbys.pop(key).process

    def provide(self, request: Request) -> None:
        """Have a process stand by for the next request of this kind; must not wait."""
        key = self._key(request)
        if key is None or self._is_closed:
            return
        now, standby = self._now(), self._standbys.get(key)
        if standby is None or now - standby.made >= _RENEW_SECONDS:
            self._renew(key, request, wanted=now)
        else:
            self._standbys[key] = replace(standby, wanted=now)

    def _renew(self, key: Key, request: Request, wanted: float) -> None:
        if key in self._standbys:
            self._end(key)
        while len(self._standbys) >= _MOST:
            self._end(min(self._standbys, key=lambda old: self._standbys[old].made))
        with contextlib.suppress(OSError):  # then the next node opens the store itself
            self._standbys[key] = self._fork(request, wanted)

    def tick(self) -> None:
        """Replace those that have rested for too long, and end those that nobody came for."""
        now = self._now()
        for key, standby in list(self._standbys.items()):
            if now - standby.wanted > WANTED_SECONDS:
                self._end(key)
            elif now - standby.made > REST_SECONDS:
                self._renew(key, standby.like, standby.wanted)

    def on_exit(self, pid: int) -> None:
        """A child of the server's has ended, perhaps one that stood by."""
        for key, standby in list(self._standbys.items()):
            if standby.process.pid == pid:
                self._release(key)

    def close(self) -> None:
        """End them all; no other is made."""
        self._is_closed = True
        for key in list(self._standbys):
            self._end(key)

    def _key(self, request: Request) -> Key | None:
        if request.operation not in self._preparations:
            return None
        url = str(request.payload.get("metadata_url", ""))
        return (url, _client_variables(request.environ)) if _is_of_server(url) else None

    def _fork(self, request: Request, wanted: float) -> _Standby:
        letter = os.memfd_create("request")
        go_read, go = os.pipe()
        ready, ready_write = os.pipe()
        os.set_blocking(ready, False)
        try:
            process = fork_process(
                lambda frames, output: child.stand_by(
                    request,
                    child.Signals(letter, go_read, ready_write),
                    frames,
                    output,
                    self._operations,
                    self._preparations,
                ),
                keep=(letter, go_read, ready_write),
            )
        except OSError:
            for descriptor in (letter, go, ready):
                os.close(descriptor)
            raise
        finally:
            os.close(go_read)
            os.close(ready_write)
        return _Standby(process, request, wanted, self._now(), letter, go, ready)

    def _end(self, key: Key) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._standbys[key].process.pid, signal.SIGKILL)
        self._release(key)

    def _release(self, key: Key) -> None:
        standby = self._standbys.pop(key)
        standby.close()
        for descriptor in (standby.process.pipes.frames, standby.process.pipes.output):
            os.close(descriptor)


def _is_of_server(url: str) -> bool:
    try:
        return bool(url) and parse_metadata_url(url, Path("/")).path is None
    except (ValueError, OSError):
        return False


def _client_variables(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(item for item in environ.items() if item[0].startswith(_CLIENT_VARIABLES)))
