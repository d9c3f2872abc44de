"""``headrace test``: lint, types, import contracts, then the tests of both environments."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "test",
        help="run lint, types, import contracts and all tests",
        description=(
            "Without arguments: lint, types, import contracts and every test, real TFX, Airflow, "
            "PostgreSQL and Flink included; --without-flink leaves Flink's tests out, which fail "
            "without Java or Maven. Other arguments go to pytest, which then runs alone, in both "
            "environments."
        ),
        add_help=False,
        prefix_chars="\0",
    )
    parser.add_argument("rest", nargs="*", metavar="PYTEST_ARGUMENT")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the checks and tests; 0 only if all passed."""
    from headrace.settings import load_settings
    from headrace.verification import verify

    return verify(load_settings(), args.rest)
