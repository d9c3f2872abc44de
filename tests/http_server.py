"""An HTTP server on a free port, to stand for a service that cannot be had as it is needed."""

from __future__ import annotations

import http.server
import json
import threading
from types import TracebackType
from typing import TypeVar

_Self = TypeVar("_Self", bound="Serving")


class JsonHandler(http.server.BaseHTTPRequestHandler):
    """Answers in JSON, and says nothing of it."""

    def answer(self, code: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Serving:
    """A context, in which requests are handled at ``url``."""

    def __init__(self, handler: type[http.server.BaseHTTPRequestHandler]) -> None:
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self: _Self) -> _Self:
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
