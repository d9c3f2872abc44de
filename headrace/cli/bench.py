"""``headrace bench``: the benchmarks of ``benchmarks/``, each beside its peer."""

from __future__ import annotations

import argparse
import os
import subprocess
from typing import Any

from headrace.errors import UsageError


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "bench",
        help="measure what the README claims, each figure beside a peer's",
        add_help=False,
        prefix_chars="\0",
    )
    parser.add_argument("rest", nargs="*", metavar="ARGUMENT")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run ``benchmarks`` from the repository; return its exit code.

    Raises:
        UsageError: this is an installed package without the repository's benchmarks.
    """
    from headrace.settings import load_settings

    settings = load_settings()
    if not (settings.project / "benchmarks" / "__main__.py").is_file():
        raise UsageError(f"{settings.project} has no benchmarks", "run it in headrace's repository")
    command = [str(settings.layout.airflow_python), "-m", "benchmarks", *args.rest]
    environ = {**os.environ, "PYTHONPATH": str(settings.project)}
    return subprocess.run(command, cwd=settings.project, env=environ, check=False).returncode
