"""Which process runs an execution, so that another can tell whether it still does."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

import psutil

from headrace.services.identity import ProcessIdentity

PROCESS = "headrace_process"
"""Custom property of an execution that keeps its owner."""
DIRECTORY = "headrace_directory"
"""Custom property of an execution that keeps the directory of its node."""
LEFT = "headrace_left"
"""Custom property of an execution that has ended: why what it has left could not be removed."""

STATE_INDEX = "__stateful_working_dir_index__"
"""Custom property of TFX's that names the directory of an execution's state; here, its name."""

_CLOCK_SECONDS = 2.0


class Whereabouts(str, Enum):
    """What this host can say of an owner."""

    ALIVE = "alive"
    DEAD = "dead"
    ELSEWHERE = "elsewhere"
    """On another host, or in another container: nothing can be said of it from here."""


@dataclass(frozen=True)
class Owner:
    """A process, and where it runs.

    Attributes:
        host: its name.
        machine: digest of the machine's id (machine-id(5)); empty where it has none, as in many
            containers.
        namespace: of process ids: in another container a pid means another process.
    """

    host: str
    machine: str
    namespace: str
    process: ProcessIdentity

    @classmethod
    def this_process(cls) -> Owner:
        return cls(os.uname().nodename, _machine(), _namespace(), ProcessIdentity.of(os.getpid()))

    def to_text(self) -> str:
        """As it is kept with an execution."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Owner | None:
        """Read what ``to_text`` wrote; None for anything else."""
        try:
            fields = json.loads(text)
            fields["process"] = ProcessIdentity(**fields["process"])
            return cls(**fields)
        except (ValueError, TypeError, KeyError):
            return None

    def whereabouts(self, seen: float) -> Whereabouts:
        """Whether it runs.

        Args:
            seen: a time at which it did, in seconds since the epoch.
        """
        if (self.host, self.machine) != (os.uname().nodename, _machine()):
            return Whereabouts.ELSEWHERE
        if not self.process.is_of_this_boot:
            # The machine has been started since. Where it has no id, or the owner was seen after
            # that start, it is another machine of the same name.
            known = self.machine and seen < psutil.boot_time() + _CLOCK_SECONDS
            return Whereabouts.DEAD if known else Whereabouts.ELSEWHERE
        if self.namespace != _namespace():
            return Whereabouts.ELSEWHERE
        return Whereabouts.ALIVE if self.process.find() is not None else Whereabouts.DEAD

    def __str__(self) -> str:
        return f"process {self.process.pid} of {self.host}"


def _machine() -> str:
    """Not the id itself, which machine-id(5) asks to keep from others."""
    with contextlib.suppress(OSError):
        text = Path("/etc/machine-id").read_text().strip()
        return hashlib.sha256(f"headrace {text}".encode()).hexdigest()[:16] if text else ""
    return ""


def _namespace() -> str:
    with contextlib.suppress(OSError):
        return str(os.stat("/proc/self/ns/pid").st_ino)
    return ""
