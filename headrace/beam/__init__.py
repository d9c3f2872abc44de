"""Beam in the processes of nodes and harnesses: what it repeats needlessly is done once."""

from headrace.beam.signatures import remember_signatures
from headrace.beam.sizes import remember_globals

__all__ = ["quicken_beam"]


def quicken_beam() -> None:
    """Change Beam in this process; what it computes stays the same."""
    remember_signatures()
    remember_globals()
