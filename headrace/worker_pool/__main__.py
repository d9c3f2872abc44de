"""``python -m headrace.worker_pool``: serves until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from headrace.errors import EXIT_DONE, HeadraceError
from headrace.files import write_atomically
from headrace.settings import Keras
from headrace.worker_pool.harnesses import Harnesses
from headrace.worker_pool.jobs import Jobs
from headrace.worker_pool.server_process import PreloadedServers
from headrace.worker_pool.watching import Watcher

_STOP_SECONDS = 2.0


class StateFile:
    """Says who the pool is and which harnesses it has; written whole, or not at all."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._endpoint = ""
        self._closed = False
        self._started = time.time()

    def open(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def write(self, harnesses: Harnesses) -> None:
        """Write what is so now."""
        with self._lock:
            if self._path is None or self._closed:
                return
            running = [
                {
                    "worker_id": harness.request.worker_id,
                    "pid": harness.pid,
                    "job": harness.request.name,
                    "started": harness.started,
                }
                for harness in harnesses.running()
                if harness.pid
            ]
            state = {
                "pid": os.getpid(),
                "started": self._started,
                "endpoint": self._endpoint,
                "harnesses": running,
            }
            write_atomically(self._path, json.dumps(state, indent=1) + "\n", mode=0o600)

    def remove(self) -> None:
        with self._lock:
            self._closed = True
            if self._path is not None:
                self._path.unlink(missing_ok=True)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the pool's options."""
    parser = argparse.ArgumentParser(prog="headrace worker pool")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=50000, help="0: any that is free")
    parser.add_argument("--state", type=Path, metavar="FILE", help="say there what runs")
    parser.add_argument("--harness-memory-bytes", type=int, metavar="BYTES")
    parser.add_argument("--without-preload", action="store_true", help=argparse.SUPPRESS)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point.

    Returns:
        The exit code.
    """
    args = build_parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    warnings.simplefilter("ignore", FutureWarning)  # libraries', of their own dependencies
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    servers = PreloadedServers(["--without-preload"] if args.without_preload else [])
    state = StateFile(args.state)
    jobs = Jobs()
    harnesses = Harnesses(servers, jobs, lambda: state.write(harnesses))
    watcher = Watcher(servers, harnesses, jobs, args.harness_memory_bytes)
    try:
        servers.get(Keras.THREE)
        # After the start: importing Beam's messages takes a second that the server can use.
        from headrace.worker_pool.service import serve

        answering, port = serve(args.host, args.port, harnesses, jobs)
        state.open(f"{args.host}:{port}")
        state.write(harnesses)
        threading.Thread(target=watcher.run, daemon=True).start()
        logging.info("worker pool: listening on %s:%d", args.host, port)
        stop.wait()
        logging.info("worker pool: stopping, with %d harnesses", len(harnesses.running()))
        watcher.stop()
        answering.stop(_STOP_SECONDS)
    except HeadraceError as error:
        print(f"headrace: {error}", file=sys.stderr)
        return error.exit_code
    finally:
        servers.stop()
        state.remove()
    # Threads of calls that wait must not keep the process.
    sys.stderr.flush()
    os._exit(EXIT_DONE)


if __name__ == "__main__":
    sys.exit(main())
