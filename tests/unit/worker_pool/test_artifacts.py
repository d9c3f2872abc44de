import importlib
import io
import logging
import sys
import zipfile
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from apache_beam.portability import common_urns
from apache_beam.portability.api import (
    beam_artifact_api_pb2,
    beam_artifact_api_pb2_grpc,
    beam_runner_api_pb2,
)

from headrace.worker_pool.artifacts import fetch, make_importable


@pytest.fixture
def import_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_a_staged_wheel_can_be_imported(tmp_path: Path, import_state: None) -> None:
    wheel = tmp_path / "staged" / "user_module_ab12-0.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("user_module_ab12.py", "ANSWER = 42\n")
    make_importable([wheel], tmp_path / "packages")
    assert importlib.import_module("user_module_ab12").ANSWER == 42
    assert list(tmp_path.joinpath("packages").iterdir()) == [tmp_path / "packages" / wheel.stem]


def test_what_would_have_to_be_installed_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, import_state: None
) -> None:
    names = ["requirements.txt", "mine-1.0.tar.gz", "tfx_ephemeral-1.21.0.tar.gz", "model.bin"]
    with caplog.at_level(logging.WARNING):
        make_importable([tmp_path / name for name in names], tmp_path)
    said = [record.getMessage() for record in caplog.records]
    assert [text.partition(" ")[0] for text in said] == ["requirements.txt", "mine-1.0.tar.gz"]
    assert "TFX environment" in said[0]


class Stager(beam_artifact_api_pb2_grpc.ArtifactRetrievalServiceServicer):
    """Has one file for whatever is asked for."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def ResolveArtifacts(self, request: Any, context: Any) -> Any:
        return beam_artifact_api_pb2.ResolveArtifactsResponse(replacements=request.artifacts)

    def GetArtifact(self, request: Any, context: Any) -> Any:
        yield beam_artifact_api_pb2.GetArtifactResponse(data=self.content)


@pytest.mark.parametrize(
    "name", ["../../out.whl", "/tmp/out.whl", "..", "a/..", ".", "...whl", "..whl", "", "x/../../y"]
)
def test_nothing_that_is_staged_is_written_outside_of_its_directory(
    tmp_path: Path, import_state: None, name: str
) -> None:
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("../../out.py", "")
        archive.writestr("/absolute.py", "")
    server = grpc.server(futures.ThreadPoolExecutor(2))
    stager = Stager(wheel.getvalue())
    beam_artifact_api_pb2_grpc.add_ArtifactRetrievalServiceServicer_to_server(stager, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    payload = beam_runner_api_pb2.ArtifactStagingToRolePayload(staged_name=name)
    asked = beam_runner_api_pb2.ArtifactInformation(
        role_urn=common_urns.artifact_roles.STAGING_TO.urn,
        role_payload=payload.SerializeToString(),
    )
    place = tmp_path / "deep" / "scratch"
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        [file] = fetch(channel, [asked], place / "staged", [])
    server.stop(None)
    make_importable([file], place / "packages")
    assert file.resolve().parent == place / "staged"
    written = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert all(place / "staged" in p.parents or place / "packages" in p.parents for p in written)
    assert not Path("/absolute.py").exists()
