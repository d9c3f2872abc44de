"""``python headrace/bootstrap``: the set-up that ``bin/headrace`` runs."""

import sys
from pathlib import Path

if not __package__:
    # Run as a directory: its own modules must not hide those of the standard library.
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from headrace.bootstrap.command import main

if __name__ == "__main__":
    sys.exit(main())
