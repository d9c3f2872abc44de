"""The pushed model, applied to files as they arrive, and swapped when a new one is pushed."""

from headrace.components.stream_inference.stream import InferenceStream

__all__ = ["InferenceStream"]
