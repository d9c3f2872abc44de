"""Reads the ML Metadata store. TFX environment only, but imports nothing of it except ml_metadata.

Importing TFX takes many seconds, ml_metadata a fraction of one, so that a command can ask.
"""
