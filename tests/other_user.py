"""Runs Python as another user of the machine, for tests that try what such a one can do."""

import os
import subprocess
import sys

import pytest

UID = 65534
needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become another user, and this is not root"
)


def as_another_user(program: str, *arguments: object, imports: str = "") -> subprocess.Popen[str]:
    """A process of user 65534 (nobody), in no group of ours, with its output to read.

    It begins as root and imports its modules: another user may not be able to reach this
    interpreter's files.

    Args:
        imports: modules, beside ``os``, ``socket`` and ``sys``.
    """
    modules = ", ".join(["encodings.idna", "os", "socket", "sys", *imports.split()])
    become = f"import {modules}\nos.setgroups([]); os.setgid({UID}); os.setuid({UID})\n"
    return subprocess.Popen(
        [sys.executable, "-c", become + program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
