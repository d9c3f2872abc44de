"""``python -m headrace.flink.supervisor FILE``: keeps a cluster's processes running."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from headrace.errors import EXIT_DONE
from headrace.flink.cluster import read_service
from headrace.launcher.processes import die_with_parent
from headrace.services.supervisor import Supervisor


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="headrace flink supervisor")
    parser.add_argument("service", type=Path, metavar="FILE")
    parser.add_argument("--with-parent", action="store_true", help="end when the parent ends")
    args = parser.parse_args()
    if args.with_parent:
        die_with_parent()
    with contextlib.suppress(KeyboardInterrupt):
        return Supervisor(read_service(args.service)).run()
    return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
