"""``headrace compile TARGET``: write a pipeline's IR and print its path."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from headrace.cli.frames import print_progress
from headrace.errors import EXIT_DONE, EXIT_FAILED


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "compile",
        help="compile a pipeline to TFX IR and print the file's path",
        description="Compile a pipeline function to TFX's intermediate representation (JSON).",
    )
    parser.add_argument("target", help="path/to/file.py:function or package.module:function")
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 0 if the compiled IR is current, 1 if it is not",
    )
    parser.add_argument("--json", action="store_true", help="print the manifest as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compile, or check, and print the path of the IR.

    Raises:
        HeadraceError: the pipeline does not compile.
    """
    from headrace.ir.store import current_ir, is_current
    from headrace.settings import load_settings

    settings = load_settings()
    if args.check:
        current = is_current(args.target, settings)
        print("current" if current else "not current: run headrace compile", file=sys.stderr)
        return EXIT_DONE if current else EXIT_FAILED
    manifest = current_ir(args.target, settings, on_frame=print_progress)
    print(json.dumps(json.loads(manifest.to_json())) if args.json else manifest.ir_path)
    return EXIT_DONE
