"""Inside a forked process: one SDK harness, set up as Beam's own container does it."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from headrace.launcher.child import Send, use_import_path
from headrace.launcher.forest_ops import load_forest_ops
from headrace.launcher.protocol import EventFrame
from headrace.worker_pool.metrics import report_users_metrics, wants_all_metrics
from headrace.worker_pool.requests import HarnessRequest

CONNECTED = "connected"
_LOST_SECONDS = 10.0
"""How long a harness may still work after its runner has gone."""


def run_harness(payload: dict[str, Any], send: Send) -> dict[str, Any]:
    """Serve one TaskManager until it closes the connection.

    Raises:
        Exception: the harness cannot connect, or what it was given cannot be loaded.
    """
    request = HarnessRequest(**payload)
    use_import_path(request.import_path)
    from apache_beam.runners.worker import sdk_worker_main

    from headrace.beam import quicken_beam

    quicken_beam()
    load_forest_ops()
    environment = _environment(request)
    if not wants_all_metrics(environment["PIPELINE_OPTIONS"]):
        report_users_metrics()
    # What a harness says of its options and channels is of no use to the author of a job.
    logging.disable(logging.WARNING)
    try:
        handler, harness, _ = sdk_worker_main.create_harness(environment)
    finally:
        logging.disable(logging.NOTSET)
    logging.getLogger("apache_beam.runners.worker").setLevel(logging.WARNING)
    send(EventFrame(CONNECTED, pid=os.getpid()))
    threading.Thread(target=_end_when_lost, args=(harness,), daemon=True).start()
    try:
        harness.run()
    finally:
        if handler is not None:
            handler.close()
    return {}


def _environment(request: HarnessRequest) -> dict[str, str]:
    """The environment variables that Beam's harness is told its surroundings with."""
    import grpc
    from apache_beam.portability.api import (
        beam_provision_api_pb2,
        beam_provision_api_pb2_grpc,
        endpoints_pb2,
    )
    from google.protobuf import json_format, text_format

    from headrace.worker_pool import artifacts

    metadata = [("worker_id", request.worker_id)]
    scratch = Path(tempfile.gettempdir())
    with grpc.insecure_channel(request.provision) as channel:
        service = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        asked = beam_provision_api_pb2.GetProvisionInfoRequest()
        info = service.GetProvisionInfo(asked, metadata=metadata, timeout=60).info
    retrieval = request.artifacts or info.artifact_endpoint.url
    if info.dependencies:
        with grpc.insecure_channel(retrieval) as channel:
            files = artifacts.fetch(channel, info.dependencies, scratch / "staged", metadata)
        artifacts.make_importable(files, scratch / "packages")

    def endpoint(url: str) -> str:
        return str(text_format.MessageToString(endpoints_pb2.ApiServiceDescriptor(url=url)))

    environment = {
        "WORKER_ID": request.worker_id,
        "CONTROL_API_SERVICE_DESCRIPTOR": endpoint(request.control),
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        "SEMI_PERSISTENT_DIRECTORY": str(scratch),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
    }
    logging_url = request.logging or info.logging_endpoint.url
    if logging_url:
        environment["LOGGING_API_SERVICE_DESCRIPTOR"] = endpoint(logging_url)
    if info.status_endpoint.url:
        environment["STATUS_API_SERVICE_DESCRIPTOR"] = endpoint(info.status_endpoint.url)
    return environment


def _end_when_lost(harness: Any) -> None:
    """End the process when its runner has gone and its work, for nobody now, does not end."""
    while harness._alive:
        time.sleep(0.5)
    time.sleep(_LOST_SECONDS)
    os._exit(1)
