"""Digests of what a compilation read, and whether it is still the same."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from headrace.ir.manifest import SourceFile, SourceKind


def snapshot(path: Path) -> SourceFile:
    """Digest what is at ``path`` now; a path without anything becomes an ``ABSENT`` source."""
    try:
        status = os.stat(path)
        if os.path.isdir(path):
            digest = _digest_module_names(path)
            return SourceFile(str(path), digest, 0, status.st_mtime_ns, SourceKind.MODULES)
        return SourceFile(str(path), _digest_file(path), status.st_size, status.st_mtime_ns)
    except (OSError, ValueError):  # ValueError: what no file can be named
        return SourceFile(str(path), "", 0, 0, SourceKind.ABSENT)


def unchanged_at_a_glance(source: SourceFile) -> bool:
    """Whether kind, size and time are as recorded; reads no content.

    A source without a digest changed while it was read, so it never counts as unchanged.
    """
    try:
        status = os.stat(source.path)
    except (OSError, ValueError):
        return source.kind is SourceKind.ABSENT
    if source.kind is SourceKind.ABSENT or not source.sha256:
        return False
    if source.kind is SourceKind.FILE and status.st_size != source.size:
        return False
    return status.st_mtime_ns == source.mtime_ns


def refreshed(source: SourceFile) -> SourceFile | None:
    """The source with its present size and time, or None if its content is another."""
    if unchanged_at_a_glance(source):
        return source
    now = snapshot(Path(source.path))
    if now.kind is not source.kind or now.sha256 != source.sha256 or not source.sha256:
        return None
    return now


def distrust_if_changed_since(source: SourceFile, start_ns: int, end_ns: int) -> SourceFile:
    """Drop the digest of a file written between start and end: what was read may be older."""
    if source.kind is SourceKind.FILE and start_ns <= source.mtime_ns <= end_ns:
        return replace(source, sha256="")
    return source


def _digest_file(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _digest_module_names(directory: Path) -> str:
    names = sorted(entry.name for entry in os.scandir(directory) if entry.name.endswith(".py"))
    return hashlib.sha256("\0".join(names).encode()).hexdigest()
