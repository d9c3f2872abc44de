"""``headrace status``: what runs, and how it is."""

from __future__ import annotations

import argparse
import json
from typing import Any

from headrace.errors import EXIT_DONE, EXIT_FAILED


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("status", help="say what runs, and how it is")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the state; 0 if Airflow is up and healthy, and Flink too if it was started."""
    from headrace.cli.flink import print_status
    from headrace.flink.describe import describe as describe_flink
    from headrace.services.describe import describe
    from headrace.services.instance import main_instance
    from headrace.settings import load_settings

    settings = load_settings()
    found = describe(main_instance(settings))
    flink = describe_flink(settings)
    if args.json:
        print(json.dumps({**found, "flink": flink}))
    else:
        _print(found)
        if flink["state"] != "down":
            print_status(flink)
    good = found["airflow"] == "up" and flink["state"] in ("up", "down")
    return EXIT_DONE if good else EXIT_FAILED


def _print(found: dict[str, Any]) -> None:
    print(f"Airflow   {found['airflow']}{'  ' + found['url'] if found['url'] else ''}")
    has_crashed = found["airflow"] == "crashed"
    if has_crashed:
        print("  its supervisor has died, and everything with it: bin/headrace up starts it again")
    for part in found["components"]:
        memory = f"{part['memory_bytes'] / 1e6:.0f} MB" if part["memory_bytes"] else "-"
        restarts = f", restarts: {part['restarts']}" if part["restarts"] else ""
        print(f"  {part['name']:14} {part['state']:10} {memory}{restarts}")
        # Of a crash a component's last trouble says nothing: that is older.
        if part["state"] != "running" and part["trouble"] and not has_crashed:
            print("\n".join(f"    {line}" for line in part["trouble"].splitlines()))
    for launcher in found["launchers"]:
        print(f"launcher  pid {launcher['pid']}, Keras {launcher['keras']}")
    if not found["launchers"]:
        print("launcher  not running")
