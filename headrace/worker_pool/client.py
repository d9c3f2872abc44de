"""The pool as a job's client calls it: follow the job's log, bind it to its Flink job, end it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import grpc

from headrace.launcher.protocol import Frame, ProtocolError, decode_frame
from headrace.worker_pool.methods import BIND, END, FOLLOW, SERVICE

_CALL_SECONDS = 20.0
_CONNECT_SECONDS = 3.0
_OPTIONS = (("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", -1))


class PoolUnreachable(Exception):
    """Nothing of ours answers there; Beam's own pool does not know these calls either."""


class PoolClient:
    """One job's view of the pool.

    Args:
        endpoint: ``host:port``.
        job: the job's token.
    """

    def __init__(self, endpoint: str, job: str) -> None:
        self._job = job
        self._channel = grpc.insecure_channel(endpoint, options=_OPTIONS)
        self._following: grpc.Call | None = None

    def bind(self, rest_url: str, flink_job_id: str) -> None:
        """Let the job's harnesses end with its Flink job, should this client not live to tell.

        Raises:
            PoolUnreachable: it cannot be told.
        """
        try:
            grpc.channel_ready_future(self._channel).result(timeout=_CONNECT_SECONDS)
        except grpc.FutureTimeoutError:
            raise PoolUnreachable("it does not answer") from None
        self._call(BIND, rest_url=rest_url, flink_job_id=flink_job_id)

    def frames(self) -> Iterator[Frame]:
        """Yield what the job's harnesses say; ends with the job, or when the pool has gone."""
        method = self._channel.unary_stream(f"/{SERVICE}/{FOLLOW}")
        self._following = call = method(json.dumps({"job": self._job}).encode())
        try:
            for line in call:
                yield decode_frame(line)
        except (grpc.RpcError, ProtocolError):
            return

    def end(self) -> int:
        """End the job's harnesses; return how many there were.

        Raises:
            PoolUnreachable: it cannot be told.
        """
        return int(self._call(END)["harnesses"])

    def close(self) -> None:
        """Let go of the connection, and of a ``frames`` in another thread."""
        if self._following is not None:
            self._following.cancel()
        self._channel.close()

    def _call(self, name: str, **fields: str) -> dict[str, Any]:
        method = self._channel.unary_unary(f"/{SERVICE}/{name}")
        request = json.dumps({"job": self._job, **fields}).encode()
        try:
            answer: dict[str, Any] = json.loads(method(request, timeout=_CALL_SECONDS))
        except (grpc.RpcError, ValueError, KeyError) as error:
            raise PoolUnreachable(str(error)) from None
        return answer
