"""Where compiled pipelines, manifests and their locks lie below the state directory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 200
IR_FILE = "pipeline.json"
METADATA_CONNECTION_FILE = "metadata_connection.json"


@dataclass(frozen=True)
class IrLayout:
    """Paths below ``<home>/ir``. Nothing is created by naming it."""

    root: Path

    @property
    def manifests(self) -> Path:
        return self.root / "targets"

    @property
    def pipelines(self) -> Path:
        return self.root / "pipelines"

    def manifest(self, target: str, artifact_root: str) -> Path:
        """Manifest of a target in its canonical form, ``str(Target)``."""
        return self.manifests / f"{_digest(target, artifact_root)}.json"

    def target_lock(self, target: str, artifact_root: str) -> Path:
        return self.root / "locks" / f"target-{_digest(target, artifact_root)}.lock"

    def name_lock(self, pipeline_name: str) -> Path:
        return self.root / "locks" / f"name-{_digest(pipeline_name)}.lock"

    def ir_file(self, pipeline_name: str, key: str) -> Path:
        return self.pipelines / file_name(pipeline_name) / key / IR_FILE


def file_name(pipeline_name: str) -> str:
    """A directory name for a pipeline; TFX allows any text, a file system does not."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in pipeline_name)
    if safe == pipeline_name and 0 < len(safe) <= _LONGEST and not safe.startswith("."):
        return safe
    return f"{safe.lstrip('.')[:_LONGEST]}-{_digest(pipeline_name)[:8]}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
