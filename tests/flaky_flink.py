"""A JobManager's REST API over connections that break: real sockets, as a client meets them."""

from __future__ import annotations

import contextlib
import json
import socket
import struct

from tests.http_server import JsonHandler, Serving

_RESET = struct.pack("ii", 1, 0)
UNKNOWN = {"errors": ["org.apache.flink...FlinkJobNotFoundException: Could not find Flink job"]}
DUPLICATE = {"errors": ["...DuplicateJobSubmissionException: Job has already been submitted."]}


class FlakyFlink(Serving):
    """Takes jars and runs them; a context, in which it answers at ``url``.

    Attributes:
        faults: what becomes of the next requests, in turn: ``reset`` before it is heard, ``lost``
            (it is done, and its answer is not sent), or a status code.
        jobs: ids of the jobs that were submitted.
        jars: that are there.
        heard: methods and paths of all requests.
    """

    def __init__(self, *faults: str | int) -> None:
        self.faults = list(faults)
        self.jobs: list[str] = []
        self.jars: list[str] = []
        self.heard: list[str] = []
        outer = self

        class Handler(JsonHandler):
            protocol_version = "HTTP/1.1"  # connections are kept, as by Flink

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.heard.append(f"{self.command} {self.path}")
                fault = outer.faults.pop(0) if outer.faults else ""
                if fault == "reset":
                    self._break()
                elif isinstance(fault, int):
                    self.answer(fault, {"errors": ["not now"]})
                else:
                    code, answer = outer.answer(self.command, self.path.split("?")[0], body)
                    if fault == "lost":
                        self._break()
                    else:
                        self.answer(code, answer)

            do_GET = do_POST = do_DELETE = do_PATCH = handle_any

            def _break(self) -> None:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                self.close_connection = True
                self.connection.close()

            def finish(self) -> None:
                with contextlib.suppress(OSError, ValueError):  # it was broken on purpose
                    super().finish()

        super().__init__(Handler)
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        parts = path.strip("/").split("/")[1:]
        if parts == ["jars", "upload"]:
            self.jars.append(f"{len(self.jars)}.jar")
            return 200, {"filename": f"/tmp/{self.jars[-1]}", "status": "success"}
        if parts[0] == "jars" and method == "DELETE":
            self.jars.remove(parts[1])
            return 200, {}
        if parts[0] == "jars":
            job = json.loads(body)["jobId"]
            if job in self.jobs:
                return 500, DUPLICATE
            self.jobs.append(job)
            return 200, {"jobid": job}
        if parts[:1] == ["jobs"] and parts[1] in self.jobs:
            return 200, {"status": "RUNNING"} if parts[2] == "status" else {}
        return 404, UNKNOWN
