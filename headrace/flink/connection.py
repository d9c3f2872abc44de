"""The HTTP connection to a cluster's REST API, which its clients share."""

from __future__ import annotations

from types import TracebackType
from typing import TypeVar

import httpx

from headrace.bootstrap.machine import without_credentials
from headrace.errors import HeadraceError

BUSY = (502, 503, 504)
"""What a JobManager answers that starts, or a proxy before one that does not answer."""
MAY_PASS = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout, httpx.ProxyError)
"""Errors of a connection that may be gone in a moment; a slow answer is none."""
_LOCAL = ("127.0.0.1", "localhost", "::1")
_Self = TypeVar("_Self", bound="FlinkConnection")


class FlinkConnection:
    """A client of one cluster, for use by one thread at a time.

    Args:
        url: of the REST API; a user name and password in it are sent, and never shown.

    Raises:
        HeadraceError: it is no URL.
    """

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._shown = without_credentials(url)
        try:
            # A cluster on this machine cannot be reached through a proxy.
            local = httpx.URL(url).host in _LOCAL
            self._http = httpx.Client(base_url=url, timeout=timeout_seconds, trust_env=not local)
        except (httpx.InvalidURL, ValueError) as error:
            raise HeadraceError(f"{self._shown} is not the URL of a cluster: {error}") from None

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()
