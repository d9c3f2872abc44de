"""The IR cache: hands out a target's compiled pipeline, and has it compiled when it is stale."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from headrace.errors import HeadraceError
from headrace.files import exclusive_lock, write_atomically
from headrace.ir.layout import IrLayout, file_name
from headrace.ir.manifest import CompileFailure, Manifest
from headrace.ir.sources import refreshed, unchanged_at_a_glance
from headrace.launcher.client import compile_target
from headrace.launcher.fingerprint import environment_fingerprint
from headrace.launcher.jobs import CompileRequest
from headrace.launcher.protocol import Frame
from headrace.settings import Keras, Settings
from headrace.target import parse_target

_KEPT_COMPILATIONS = 10
_KEPT_SECONDS = 7 * 24 * 3600.0


class PipelineError(HeadraceError):
    """The pipeline's author made a mistake; the message has their file and line."""

    def __init__(self, failure: CompileFailure) -> None:
        place = f"{failure.file}:{failure.line}: " if failure.line else f"{failure.file}: "
        super().__init__(f"{place if failure.file else ''}{failure.message}", failure.hint)
        self.failure = failure


def current_ir(
    target: str,
    settings: Settings,
    *,
    on_frame: Callable[[Frame], None] | None = None,
    cwd: Path | None = None,
) -> Manifest:
    """Return the manifest of an up-to-date compilation, compiling at most once for all callers.

    An up-to-date target costs a few stats and two small files. A failure is remembered too: an
    unchanged broken pipeline is not compiled again.

    Args:
        cwd: where a relative target is looked up first; by default the working directory.

    Raises:
        UsageError: the target is not well formed, or its file does not exist.
        PipelineError: the pipeline does not compile.
        LauncherUnavailable: it cannot be compiled here.
    """
    cwd = cwd or Path.cwd()
    manifest = _lookup(target, settings, cwd)
    if manifest is None:
        manifest = _compile(target, settings, on_frame, cwd)
    if manifest.failure is not None:
        raise PipelineError(manifest.failure)
    return manifest


def is_current(target: str, settings: Settings) -> bool:
    """Whether the target has been compiled, successfully, from the sources as they are now."""
    manifest = _lookup(target, settings, Path.cwd())
    return manifest is not None and manifest.failure is None


def _compile(
    target: str, settings: Settings, on_frame: Callable[[Frame], None] | None, cwd: Path
) -> Manifest:
    layout = IrLayout(settings.layout.ir)
    canonical = str(parse_target(target, settings.project, cwd))
    with exclusive_lock(layout.target_lock(canonical, settings.artifact_root or "")):
        # Another process may have compiled it while this one waited for the lock.
        found = _lookup(target, settings, cwd)
        if found is not None:
            return found
        request = CompileRequest(
            target=target,
            project=str(settings.project),
            home=str(settings.home),
            artifact_root=settings.artifact_root or "",
            cwd=str(cwd),
            fingerprint=environment_fingerprint(settings),
            keras=(settings.keras or Keras.THREE).value,
        )
        manifest = compile_target(settings, request, on_frame)
        own = manifest.keras_for(settings).value
        if manifest.failure is not None and own != request.keras:
            # It chose another Keras itself, which it may need to be imported at all.
            manifest = compile_target(settings, replace(request, keras=own), on_frame)
    _prune(layout, manifest)
    return manifest


def _lookup(target: str, settings: Settings, cwd: Path) -> Manifest | None:
    """The manifest if it is current; its recorded sizes and times are brought up to date."""
    canonical = str(parse_target(target, settings.project, cwd))
    path = IrLayout(settings.layout.ir).manifest(canonical, settings.artifact_root or "")
    try:
        manifest = Manifest.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if manifest.versions.get("environment") != environment_fingerprint(settings):
        return None
    compiled_with = manifest.versions.get("keras")
    if manifest.failure and compiled_with != manifest.keras_for(settings).value:
        return None
    needed = [manifest.ir_path] if manifest.failure is None else []
    if not all(os.path.exists(product) for product in (*needed, *manifest.products)):
        return None
    if all(unchanged_at_a_glance(source) for source in manifest.sources):
        return manifest
    sources = [refreshed(source) for source in manifest.sources]
    if any(source is None for source in sources):
        return None
    manifest = replace(manifest, sources=tuple(source for source in sources if source))
    write_atomically(path, manifest.to_json())
    return manifest


def _prune(layout: IrLayout, manifest: Manifest) -> None:
    """Remove old compilations, keeping those that a task of a running DAG run may still read."""
    if not manifest.pipeline_name:
        return
    folder = layout.pipelines / file_name(manifest.pipeline_name)
    aged = sorted(
        ((entry.stat().st_mtime, entry) for entry in folder.iterdir() if entry.is_dir()),
        reverse=True,
    )
    for modified, entry in aged[_KEPT_COMPILATIONS:]:
        if time.time() - modified > _KEPT_SECONDS:
            shutil.rmtree(entry, ignore_errors=True)
