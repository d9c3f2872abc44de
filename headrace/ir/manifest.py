"""The manifest of a target: what its last compilation read, and what came of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path

from headrace.fields import read_fields
from headrace.settings import Keras, Settings


class SourceKind(str, Enum):
    """What a compilation found at a path."""

    FILE = "file"
    MODULES = "modules"
    """A directory whose Python modules are packaged together."""
    ABSENT = "absent"
    """A path that was looked for in vain."""


@dataclass(frozen=True)
class SourceFile:
    """Something that the compilation read. Size and mtime are a fast check before the digest.

    Attributes:
        sha256: digest of the content; of the sorted names of its ``.py`` files for a directory;
            empty for what was absent, or changed while it was read.
        kind: what it was at the time.
    """

    path: str
    sha256: str
    size: int
    mtime_ns: int
    kind: SourceKind = SourceKind.FILE


@dataclass(frozen=True)
class CompileFailure:
    """Why a target did not compile: the pipeline author's own error, with its place if known."""

    error_type: str
    message: str
    hint: str = ""
    file: str = ""
    line: int = 0
    traceback: str = ""


@dataclass(frozen=True)
class Manifest:
    """The outcome of a compilation, and all that decides whether it is still current.

    Attributes:
        key: hash of sources, versions, target and artifact root.
        ir_path: the IR, or empty after a failure.
        sources: every project file read, sorted by path.
        products: local files beside the IR that its nodes need, such as packaged user modules.
        versions: of tfx, headrace and python, the fingerprint of the TFX environment, and the major
            version of Keras that it was compiled with.
        import_path: what must be on ``sys.path`` to run the pipeline's nodes.
        has_own_metadata: the pipeline names a metadata connection of its own; it is kept beside
            the IR with mode 0600, because it may hold a password.
        keras: major version of Keras that the pipeline's own code chose by TensorFlow's environment
            variable; empty if it chose none.
    """

    target: str
    artifact_root: str
    key: str
    pipeline_name: str = ""
    ir_path: str = ""
    sources: tuple[SourceFile, ...] = ()
    products: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    import_path: tuple[str, ...] = ()
    has_own_metadata: bool = False
    keras: str = ""
    failure: CompileFailure | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read a manifest; ValueError if the text is not one of this version."""
        try:
            manifest = read_fields(cls, json.loads(text))
            Keras(manifest.keras or Keras.THREE)
            return manifest
        except (ValueError, RecursionError) as error:
            raise ValueError(f"not a manifest: {error}") from None

    def keras_for(self, settings: Settings) -> Keras:
        """The Keras that the pipeline's nodes run with: the settings', else its own, else 3."""
        return settings.keras or Keras(self.keras or Keras.THREE)

    @property
    def ir(self) -> Path:
        return Path(self.ir_path)
