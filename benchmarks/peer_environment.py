"""Installs a peer, locked, into an environment of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from headrace.bootstrap.locks import with_files
from headrace.bootstrap.machine import this_machine
from headrace.bootstrap.wheels import packages_to_repair
from headrace.files import write_atomically
from headrace.layout import Layout


def build_peer(lock: Path, directory: Path, layout: Layout, log: Path) -> Path:
    """Make or bring up to date the environment and return its interpreter.

    Wheels that this machine cannot load as published are those that headrace's own set-up has
    repaired.

    Raises:
        RuntimeError: it cannot be installed; the message names the log.
    """
    uv = layout.home / "tools" / "bin" / "uv"
    python = directory / "bin" / "python"
    installable = directory.parent / f"{lock.stem}-installable.txt"
    write_atomically(installable, with_files(lock.read_text(), _repaired(layout)))
    sync = ["--python", str(python), "--require-hashes", "--compile-bytecode", str(installable)]
    commands = [
        [str(uv), "venv", "--quiet", "--allow-existing", "--python", sys.executable, directory],
        [str(uv), "pip", "sync", *sync],
    ]
    with log.open("ab") as output:
        for command in commands:
            completed = subprocess.run(command, stdout=output, stderr=output, check=False)
            if completed.returncode != 0:
                raise RuntimeError(f"{lock.name} cannot be installed: see {log}")
    return python


def _repaired(layout: Layout) -> dict[str, tuple[Path, str]]:
    glibc = this_machine().glibc
    if glibc is None or not packages_to_repair(glibc):
        return {}
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    [record, *_] = sorted(layout.cache.rglob(f"repaired-{tag}-*/repaired.json"))
    files = json.loads(record.read_text())
    return {name: (record.parent / file, sha256) for name, (file, sha256) in files.items()}
