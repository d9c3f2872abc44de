"""What a job staged for its harnesses: fetched from the runner, wheels made importable."""

from __future__ import annotations

import logging
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import grpc
from apache_beam.portability import common_urns
from apache_beam.portability.api import (
    beam_artifact_api_pb2,
    beam_artifact_api_pb2_grpc,
    beam_runner_api_pb2,
)

_TFX_SDIST = "tfx_ephemeral-"
_PACKAGES = (".tar.gz", ".tar", ".zip")
_log = logging.getLogger(__name__)


def fetch(
    channel: grpc.Channel, dependencies: Iterable[Any], directory: Path, metadata: Any
) -> list[Path]:
    """Fetch staged files into ``directory``; return them.

    Raises:
        grpc.RpcError: the runner does not have them.
    """
    dependencies = list(dependencies)
    if not dependencies:
        return []
    directory.mkdir(parents=True, exist_ok=True)
    service = beam_artifact_api_pb2_grpc.ArtifactRetrievalServiceStub(channel)
    asked = beam_artifact_api_pb2.ResolveArtifactsRequest(artifacts=dependencies)
    resolved = service.ResolveArtifacts(asked, metadata=metadata).replacements
    files = []
    for number, artifact in enumerate(resolved):
        file = directory / _name(artifact, number)
        wanted = beam_artifact_api_pb2.GetArtifactRequest(artifact=artifact)
        with file.open("wb") as out:
            for part in service.GetArtifact(wanted, metadata=metadata):
                out.write(part.data)
        files.append(file)
    return files


def make_importable(files: Iterable[Path], directory: Path) -> None:
    """Put staged wheels on ``sys.path``, unpacked; nothing is installed during a job."""
    for file in files:
        if file.suffix == ".whl":
            place = directory / (file.stem.strip(".") or "wheel")
            with zipfile.ZipFile(file) as wheel:
                wheel.extractall(place)
            sys.path.insert(0, str(place))
        elif file.name == "requirements.txt" or (
            file.name.endswith(_PACKAGES) and not file.name.startswith(_TFX_SDIST)
        ):
            _log.warning(
                "%s is not installed: nothing is, on a worker during a job. Install it into the "
                "TFX environment, or give a wheel",
                file.name,
            )


def _name(artifact: Any, number: int) -> str:
    if artifact.role_urn == common_urns.artifact_roles.STAGING_TO.urn:
        role = beam_runner_api_pb2.ArtifactStagingToRolePayload()
        role.ParseFromString(artifact.role_payload)
        # A name, never a path out of the directory.
        name = Path(role.staged_name).name
        if name.strip("."):
            return name
    return f"artifact-{number}"
