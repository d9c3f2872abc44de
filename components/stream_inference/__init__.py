"""The pushed model, applied to files as they arrive, and swapped when a new one is pushed."""

from .stream import InferenceStream

__all__ = ["InferenceStream"]
