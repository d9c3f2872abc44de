"""Stands for a JobManager where what is tested is what is asked of it, not what it does."""

from __future__ import annotations

import http.server
import json
import threading
from types import TracebackType

UNKNOWN = {"errors": ["x.FlinkJobNotFoundException: Could not find Flink job"]}


class JobManager:
    """Knows one job, or none; a context, in which it answers at ``url``.

    Attributes:
        asked: paths of what was to be changed.
        state: of the job; empty: it does not know the job.
        next_state: what the state is after the next question for it; empty: the same.
    """

    def __init__(self, state: str = "") -> None:
        self.asked: list[str] = []
        self.state, self.next_state = state, ""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PATCH(self) -> None:
                outer.asked.append(self.path)
                self._answer(*((202, {}) if outer.state else (404, UNKNOWN)))

            def do_GET(self) -> None:
                outer.state, outer.next_state = outer.next_state or outer.state, ""
                # As Flink does: it answers 500 to the question for a state.
                known = (200, {"status": outer.state})
                self._answer(*(known if outer.state else (500, UNKNOWN)))

            def _answer(self, code: int, content: object) -> None:
                body = json.dumps(content).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> JobManager:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
