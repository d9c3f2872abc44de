"""``headrace doctor``: what this machine has and lacks, with the command that mends it."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import headrace


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "doctor", help="say what this machine has and lacks, and the command that mends it"
    )
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the bootstrap's own checks, which need no environment, and return their exit code."""
    package = Path(headrace.__file__).parent
    command = [sys.executable, str(package / "bootstrap"), "doctor"]
    return subprocess.run([*command, "--json"] if args.json else command, check=False).returncode
