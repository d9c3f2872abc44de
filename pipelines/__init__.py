"""Pipelines that show the way: plain TFX, without an import of headrace."""
