"""Runs one node of a compiled pipeline with TFX's portable launcher. TFX environment only."""

from headrace.node.runner import run_node

__all__ = ["run_node"]
