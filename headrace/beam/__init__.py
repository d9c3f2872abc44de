"""Beam, TFT and TFMA in nodes' processes and harnesses: what they repeat is done once."""

from headrace.beam.cross_entropy import remember_cross_entropies
from headrace.beam.gzip import compress_quickly
from headrace.beam.merging import merge_each_once
from headrace.beam.options import remember_options
from headrace.beam.predictions import prepare_predictions_quickly
from headrace.beam.signatures import remember_signatures
from headrace.beam.sizes import remember_globals
from headrace.beam.states import remember_states
from headrace.beam.submodules import remember_submodules
from headrace.beam.tracing import remember_traces

__all__ = ["quicken_beam"]


def quicken_beam() -> None:
    """Change Beam, TFT and TFMA in this process; what they compute stays the same, or is mended."""
    remember_signatures()
    remember_states()
    remember_options()
    remember_submodules()
    remember_globals()
    remember_traces()
    prepare_predictions_quickly()
    remember_cross_entropies()
    merge_each_once()
    compress_quickly()
