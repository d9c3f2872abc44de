"""``python -m headrace.services.airflow``: Airflow's supervisor.

Started by ``headrace up`` and ``headrace demo``. What Airflow is told by its environment, this
process has in its own.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from headrace.errors import EXIT_DONE
from headrace.launcher.processes import die_with_parent
from headrace.services import components
from headrace.services.instance import Instance
from headrace.services.ports import Ports
from headrace.services.service import Component, Service
from headrace.services.supervisor import Supervisor
from headrace.settings import load_settings


def airflow_service(instance: Instance, ports: Ports, runner: str) -> Service:
    """Airflow's components, after its database has been made or brought up to date."""

    def component(name: str, command: list[str]) -> Component:
        return Component(name, tuple(command), instance.logs / f"{name}.log", instance.home)

    return Service(
        state=instance.state,
        port=ports.api,
        components=tuple(
            component(name, components.command(name, ports)) for name in components.NAMES
        ),
        stopped_last=frozenset(components.SERVERS),
        before=component("db-migrate", components.migrate_command()),
        before_says="preparing Airflow's database",
        runner=runner,
    )


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="headrace supervisor")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log-port", type=int, required=True)
    parser.add_argument("--runner", default="")
    parser.add_argument("--with-parent", action="store_true", help="end when the parent ends")
    args = parser.parse_args()
    if args.with_parent:
        die_with_parent()
    instance = Instance(load_settings(), args.home, args.state)
    service = airflow_service(instance, Ports(args.port, args.log_port), args.runner)
    with contextlib.suppress(KeyboardInterrupt):
        return Supervisor(service).run()
    return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
