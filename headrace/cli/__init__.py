"""The command line: ``bin/headrace COMMAND``. Importing it costs the standard library only."""

from headrace.cli.main import main

__all__ = ["main"]
