import http.server
import json
import threading
from collections.abc import Iterator
from unittest.mock import Mock

import pytest

from headrace.worker_pool.jobs import FlinkJob, Jobs
from headrace.worker_pool.watching import Watcher


class JobManager:
    """Stands for a cluster that knows one job, or does not."""

    def __init__(self) -> None:
        self.state: str | None = None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps({"status": outer.state}).encode()
                self.send_response(200 if outer.state else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def job_manager() -> Iterator[JobManager]:
    found = JobManager()
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_a_job_that_is_still_to_come_has_not_ended(job_manager: JobManager) -> None:
    jobs = Jobs()
    jobs.stream("token").flink_job = FlinkJob(job_manager.url, "ab12")
    harnesses = Mock()  # processes of a whole pool; what is tested is when they are ended
    harnesses.end_job.return_value = 1
    watcher = Watcher(Mock(), harnesses, jobs, None)
    for state in (None, "RUNNING"):
        job_manager.state = state
        watcher._end_harnesses_of_ended_jobs()
        assert jobs.stream("token").ended_at is None
    job_manager.state = None  # known before, and now no longer: another JobManager has its place
    watcher._end_harnesses_of_ended_jobs()
    harnesses.end_job.assert_called_once_with("token")
    assert jobs.stream("token").ended_at is not None
