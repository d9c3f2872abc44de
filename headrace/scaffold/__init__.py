"""Skeletons of components and pipelines, with tests that pass as they are written."""

from headrace.scaffold.skeletons import Kind, Skeleton, skeleton, write_skeleton

__all__ = ["Kind", "Skeleton", "skeleton", "write_skeleton"]
