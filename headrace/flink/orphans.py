"""``python -m headrace.flink.orphans HOME``: cancels Flink jobs whose processes were killed."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

from headrace.flink.owners import cancel_orphans

_PATIENCE_SECONDS = 20.0
"""A job may be on its way to the cluster when its process is killed. Whoever comes next goes on."""


def main() -> int:
    """Entry point."""
    logging.basicConfig(format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    home = Path(sys.argv[1])
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while cancel_orphans(home).awaited and time.monotonic() < deadline:
        time.sleep(0.5)
    return 0


if __name__ == "__main__":
    sys.exit(main())
