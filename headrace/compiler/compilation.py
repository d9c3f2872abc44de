"""One compilation, from the request to the manifest on disk."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import headrace
from headrace.compiler import loading, names, support
from headrace.compiler.failures import CompileError, failure_from
from headrace.compiler.lowering import LoweredPipeline, lower
from headrace.compiler.reading import ReadingTracker
from headrace.compiler.user_modules import UserModules, package_user_modules
from headrace.errors import HeadraceError
from headrace.files import exclusive_lock, write_atomically
from headrace.graph.reader import IrError, graph_from_ir
from headrace.ir.layout import METADATA_CONNECTION_FILE, IrLayout
from headrace.ir.manifest import CompileFailure, Manifest, SourceFile
from headrace.ir.sources import distrust_if_changed_since, snapshot
from headrace.launcher.jobs import CompileRequest
from headrace.layout import Layout
from headrace.settings import KERAS_VARIABLE, keras_of
from headrace.target import Target, parse_target


@dataclass(frozen=True)
class _Compiled:
    name: str
    lowered: LoweredPipeline
    modules: UserModules


def compile_target(request: CompileRequest) -> Manifest:
    """Compile a target and write its IR and manifest below ``request.home``.

    The author's mistakes do not raise: they are the manifest's ``failure``, so that an unchanged
    broken pipeline need not be compiled again to show its error.

    Raises:
        UsageError: the target is not well formed, or its file does not exist.
        HeadraceError: nothing could be written.
    """
    # Before the clock starts and the author's directories are on the path. The first one sets the
    # variable below when it is imported, which is no choice of the author's.
    import tensorflow_transform.keras_lib  # noqa: F401
    import tfx  # noqa: F401

    project = Path(request.project)
    home = Path(request.home)
    target = parse_target(request.target, project, Path(request.cwd or project))
    # What is in it from now on, the author's code has put there.
    os.environ.pop(KERAS_VARIABLE, None)
    # Byte code is matched by whole seconds and size, so two quick edits could be mistaken.
    sys.dont_write_bytecode = True
    os.chdir(project)
    compilation = _Compilation(request, target, project, home)
    try:
        return compilation.run()
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        raise HeadraceError(
            f"the compiled pipeline {target} cannot be written ({error.strerror}{where})",
            "check the disk space and the permissions of the state directory and artifact root",
        ) from error


class _Compilation:
    def __init__(self, request: CompileRequest, target: Target, project: Path, home: Path) -> None:
        self._request = request
        self._target = target
        self._project = project
        self._home = home
        self._layout = IrLayout(Layout(home).ir)
        self._reading = ReadingTracker(target, project, home)
        self._start_ns = time.time_ns()

    def run(self) -> Manifest:
        read: set[Path] = set()
        self._reading.watch()
        try:
            compiled = self._compile()
            with exclusive_lock(self._layout.name_lock(compiled.name)):
                names.require_unique_name(compiled.name, str(self._target), self._layout)
                return self._write(compiled)
        except CompileError as error:
            failure = error.failure
            read.update(error.also_read)
            read.update(self._reading.files_behind(error))
        manifest = self._failed(failure, read)
        self._write_manifest(manifest)
        return manifest

    def _compile(self) -> _Compiled:
        self._target = loading.importable(self._target)
        module = self._author(
            f"importing {self._target.file.name}", lambda: loading.import_module(self._target)
        )
        function = loading.find_function(module, self._target)
        _use_default_flags()
        result = self._author(f"calling {self._target.function}", function)
        pipeline = loading.require_pipeline(result, function, self._target)
        support.require_supported_pipeline(pipeline)
        pipeline.pipeline_info.pipeline_root = self._pipeline_root(pipeline)
        root = pipeline.pipeline_info.pipeline_root
        # Not under _author: a wheel that cannot be written is no mistake of the author's.
        modules = package_user_modules(pipeline.components, root)
        name = pipeline.pipeline_name
        lowered = self._author(
            f"compiling pipeline {name!r}", lambda: lower(pipeline, self._project)
        )
        self._reading.stop()
        try:
            graph_from_ir(json.loads(lowered.ir))
        except IrError as error:
            failure = CompileFailure(
                "InvalidPipeline", error.message, error.hint, str(self._target.file)
            )
            raise CompileError(failure) from None
        return _Compiled(name, lowered, modules)

    def _author(self, doing: str, step: Any) -> Any:
        """Run a step that executes the author's code, and describe what it raises."""
        try:
            return step()
        except (CompileError, KeyboardInterrupt):
            raise
        except BaseException as raised:
            failure = failure_from(raised, doing, self._target.file, self._reading.is_project_file)
            # The cause is kept: its traceback tells which files were read.
            raise CompileError(failure) from raised

    def _pipeline_root(self, pipeline: Any) -> str:
        if self._request.artifact_root:
            return f"{self._request.artifact_root.rstrip('/')}/{pipeline.pipeline_name}"
        own = pipeline.pipeline_info.pipeline_root
        if not own:
            return str(Layout(self._home).artifacts / pipeline.pipeline_name)
        return own if "://" in own else os.path.abspath(self._project / Path(own).expanduser())

    def _write(self, compiled: _Compiled) -> Manifest:
        sources = self._sources({*self._reading.files(), *compiled.modules.sources})
        versions = self._versions()
        digest = hashlib.sha256(compiled.lowered.ir.encode()).hexdigest()
        key = self._key(sources, versions, digest)
        ir_file = self._layout.ir_file(compiled.name, key)
        products = [wheel for wheel in compiled.modules.wheels if "://" not in wheel]
        if compiled.lowered.metadata_connection:
            connection = ir_file.parent / METADATA_CONNECTION_FILE
            write_atomically(connection, compiled.lowered.metadata_connection, mode=0o600)
            products.append(str(connection))
        write_atomically(ir_file, compiled.lowered.ir)
        manifest = Manifest(
            target=str(self._target),
            artifact_root=self._request.artifact_root,
            key=key,
            pipeline_name=compiled.name,
            ir_path=str(ir_file),
            sources=sources,
            products=tuple(products),
            versions=versions,
            import_path=tuple(map(str, self._target.import_path)),
            has_own_metadata=bool(compiled.lowered.metadata_connection),
            keras=_own_keras(),
        )
        self._write_manifest(manifest)
        return manifest

    def _failed(self, failure: CompileFailure, read: set[Path]) -> Manifest:
        self._reading.stop()
        sources = self._sources({*self._reading.files(), *read})
        versions = self._versions()
        if not failure.file:
            failure = CompileFailure(**{**vars(failure), "file": str(self._target.file)})
        return Manifest(
            target=str(self._target),
            artifact_root=self._request.artifact_root,
            key=self._key(sources, versions, failure.message),
            sources=sources,
            versions=versions,
            import_path=tuple(map(str, self._target.import_path)),
            keras=_own_keras(),
            failure=failure,
        )

    def _sources(self, paths: set[Path]) -> tuple[SourceFile, ...]:
        found = [snapshot(path) for path in sorted(paths)]
        end_ns = time.time_ns()
        return tuple(distrust_if_changed_since(source, self._start_ns, end_ns) for source in found)

    def _versions(self) -> dict[str, str]:
        from tfx import version

        return {
            "environment": self._request.fingerprint,
            "headrace": headrace.__version__,
            "keras": self._request.keras,
            "python": platform.python_version(),
            "tfx": version.__version__,
        }

    def _key(self, sources: tuple[SourceFile, ...], versions: dict[str, str], outcome: str) -> str:
        read = [(source.path, source.sha256, source.kind.value) for source in sources]
        facts = [str(self._target), self._request.artifact_root, versions, read, outcome]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    def _write_manifest(self, manifest: Manifest) -> None:
        place = self._layout.manifest(manifest.target, manifest.artifact_root)
        write_atomically(place, manifest.to_json())


def _own_keras() -> str:
    """The Keras that the author's code chose for this process; empty if it did not."""
    own = keras_of(os.environ)
    return own.value if own else ""


def _use_default_flags() -> None:
    """TFX's examples read absl flags, which nobody parses here: let them have their defaults."""
    if "absl.flags" in sys.modules:
        sys.modules["absl.flags"].FLAGS.mark_as_parsed()
