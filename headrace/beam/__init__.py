"""Beam and TFMA in nodes' processes and harnesses: what they repeat needlessly is done once."""

from headrace.beam.cross_entropy import remember_cross_entropies
from headrace.beam.predictions import prepare_predictions_quickly
from headrace.beam.signatures import remember_signatures
from headrace.beam.sizes import remember_globals

__all__ = ["quicken_beam"]


def quicken_beam() -> None:
    """Change Beam and TFMA in this process; what they compute stays the same."""
    remember_signatures()
    remember_globals()
    prepare_predictions_quickly()
    remember_cross_entropies()
