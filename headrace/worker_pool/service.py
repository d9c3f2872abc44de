"""What the pool answers over gRPC: Beam's own two calls, and three for a job's client."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

from headrace.beam.callers import OwnUserOnly
from headrace.errors import HeadraceError
from headrace.worker_pool.harnesses import Harnesses, HarnessFailed
from headrace.worker_pool.jobs import FlinkJob, Jobs
from headrace.worker_pool.methods import BIND, END, FOLLOW, SERVICE
from headrace.worker_pool.requests import (
    JOB_PARAM,
    NAME_PARAM,
    HarnessRequest,
    import_path_of,
    keras_of_job,
)

_THREADS = 512
"""A start waits for its harness and a follower for its job, each in a thread, made when needed."""
_OPTIONS = (
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.max_ping_strikes", 0),
    # Otherwise a second pool could take the same port, and every other call with it.
    ("grpc.so_reuseport", 0),
)
_log = logging.getLogger("headrace.worker_pool")


class Servicer(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):  # type: ignore[misc]
    """Beam's external worker pool, as TaskManagers call it."""

    def __init__(self, harnesses: Harnesses) -> None:
        self._harnesses = harnesses

    def StartWorker(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Start a harness; answer when it has connected, or with what went wrong.

        A TaskManager waits for ever for a harness that died before it connected.
        """
        params = dict(request.params)
        asked = HarnessRequest(
            worker_id=request.worker_id,
            control=request.control_endpoint.url,
            provision=request.provision_endpoint.url,
            artifacts=request.artifact_endpoint.url,
            logging=request.logging_endpoint.url,
            job=params.get(JOB_PARAM, ""),
            name=params.get(NAME_PARAM, ""),
            import_path=import_path_of(params),
            keras=keras_of_job(params).value,
        )
        try:
            self._harnesses.start(asked)
        except HarnessFailed as failed:
            _log.error("%s", failed)
            return beam_fn_api_pb2.StartWorkerResponse(error=str(failed))
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(self, request: Any, context: grpc.ServicerContext) -> Any:
        """End the harness with this id, if it is still there."""
        self._harnesses.stop(request.worker_id)
        return beam_fn_api_pb2.StopWorkerResponse()


class ClientMethods:
    """The calls of a job's client; requests are JSON objects, answers too."""

    def __init__(self, harnesses: Harnesses, jobs: Jobs) -> None:
        self._harnesses, self._jobs = harnesses, jobs

    def follow(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        """Every frame of the job's harnesses, until the job is ended."""
        job = _fields(request, context)["job"]
        yield from self._jobs.stream(job).follow(context.is_active)

    def bind(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        """Say which Flink job it became, so that its harnesses end with that."""
        fields = _fields(request, context, "rest_url", "flink_job_id")
        stream = self._jobs.stream(fields["job"])
        stream.flink_job = FlinkJob(fields["rest_url"], fields["flink_job_id"])
        return b"{}"

    def end(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        """End the job's harnesses, then its stream."""
        job = _fields(request, context)["job"]
        count = self._harnesses.end_job(job)
        self._jobs.stream(job).end()
        return json.dumps({"harnesses": count}).encode()

    def handler(self) -> grpc.GenericRpcHandler:
        """These methods as gRPC serves them."""
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                FOLLOW: grpc.unary_stream_rpc_method_handler(self.follow),
                BIND: grpc.unary_unary_rpc_method_handler(self.bind),
                END: grpc.unary_unary_rpc_method_handler(self.end),
            },
        )


def serve(host: str, port: int, harnesses: Harnesses, jobs: Jobs) -> tuple[grpc.Server, int]:
    """Start answering; return the server and its port.

    Raises:
        HeadraceError: the port cannot be had.
    """
    workers = futures.ThreadPoolExecutor(_THREADS)
    guard = OwnUserOnly()
    server = grpc.server(workers, options=_OPTIONS, interceptors=[guard])
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(Servicer(harnesses), server)
    server.add_generic_rpc_handlers((ClientMethods(harnesses, jobs).handler(),))
    try:
        bound = server.add_insecure_port(f"{host}:{port}")
    except RuntimeError:
        bound = 0
    if not bound:
        raise HeadraceError(
            f"the worker pool cannot listen on {host}:{port}",
            "another process does, or the address is not this machine's",
        )
    guard.ports.add(bound)
    server.start()
    return server, bound


def _fields(request: bytes, context: grpc.ServicerContext, *names: str) -> dict[str, str]:
    """The job's token and the other fields of a request, which has to have them as texts."""
    try:
        found = json.loads(request)
        texts = isinstance(found, dict) and all(isinstance(item, str) for item in found.values())
        if texts and found.get("job") and found.keys() >= set(names):
            return dict(found)
    except (ValueError, RecursionError):
        pass
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, "expected a JSON object with a job's token")
    raise AssertionError("abort raises")
