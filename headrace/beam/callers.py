"""Keeps what Beam serves over gRPC to this machine and this user.

Beam's runners listen on every interface and answer whoever calls, also with what is pickled for a
worker, and they unpickle what a worker returns.
"""

from __future__ import annotations

import functools
import importlib
import ipaddress
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote

import grpc

from headrace.launcher.peers import Address, may_call

_EVERYWHERE, _HERE = "[::]:", "localhost:"
_SERVING = (
    "apache_beam.runners.portability.abstract_job_service",
    "apache_beam.runners.portability.fn_api_runner.worker_handlers",
    "apache_beam.runners.portability.local_job_service",
)
_Method = Callable[[Any, grpc.ServicerContext], Any]
_KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


class OwnUserOnly(grpc.ServerInterceptor):  # type: ignore[misc]
    """Refuses the calls of other users of this machine.

    Calls from other machines pass: who listens for them has chosen so by his address.

    Attributes:
        ports: that the server listens on, to be added as they become known.
    """

    def __init__(self) -> None:
        self.ports: set[int] = set()

    def intercept_service(
        self, continuation: Callable[[Any], Any], handler_call_details: Any
    ) -> Any:
        """The method's handler, with a look at the caller before it."""
        handler = continuation(handler_call_details)
        if handler is None:
            return None
        [kind] = [kind for kind in _KINDS if getattr(handler, kind) is not None]
        guard = self._guarded_stream if kind.endswith("_stream") else self._guarded
        return handler._replace(**{kind: guard(getattr(handler, kind))})

    def _guarded(self, method: _Method) -> _Method:
        @functools.wraps(method)
        def guarded(request: Any, context: grpc.ServicerContext) -> Any:
            self._require_own(context)
            return method(request, context)

        return guarded

    def _guarded_stream(self, method: _Method) -> _Method:
        @functools.wraps(method)
        def guarded(request: Any, context: grpc.ServicerContext) -> Any:
            self._require_own(context)
            yield from method(request, context)

        return guarded

    def _require_own(self, context: grpc.ServicerContext) -> None:
        peer = _address(context.peer())
        if peer is None or not may_call(*peer, self.ports):
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "this is another user's")


def serve_this_user_only() -> None:
    """Have Beam's servers of this process listen on loopback, and answer this user only."""
    for name in _SERVING:
        module: Any = importlib.import_module(name)
        if not isinstance(module.grpc, _Grpc):
            module.grpc = _Grpc()


class _Grpc:
    """The module ``grpc`` as Beam's modules see it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(grpc, name)

    @staticmethod
    def server(*args: Any, interceptors: Sequence[Any] = (), **kwargs: Any) -> Any:
        guard = OwnUserOnly()
        server = grpc.server(*args, interceptors=[guard, *interceptors], **kwargs)
        listen = server.add_insecure_port

        def listen_here(address: str) -> int:
            if address.startswith(_EVERYWHERE):
                address = _HERE + address.removeprefix(_EVERYWHERE)
            port = int(listen(address))
            guard.ports.add(port)
            return port

        server.add_insecure_port = listen_here
        return server


def _address(peer: str) -> tuple[Address, int] | None:
    """Read gRPC's name of a peer, such as ``ipv4:127.0.0.1:40000``; None for any other."""
    _, _, rest = unquote(peer).partition(":")
    host, _, port = rest.rpartition(":")
    try:
        return ipaddress.ip_address(host.strip("[]")), int(port)
    except ValueError:
        return None
