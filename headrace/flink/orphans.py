"""``python -m headrace.flink.orphans HOME``: cancels Flink jobs whose processes were killed."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from headrace.flink.owners import cancel_orphans


def main() -> int:
    """Entry point."""
    logging.basicConfig(format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    cancel_orphans(Path(sys.argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
