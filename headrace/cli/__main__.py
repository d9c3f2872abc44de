"""``python -m headrace.cli``, which ``bin/headrace`` runs."""

import sys

from headrace.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
