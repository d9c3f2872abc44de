"""Watches a job that runs without its client, from an event loop that others share."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from headrace.launcher.peers import same_user
from headrace.launcher.protocol import (
    CANCEL,
    MAX_FRAME_BYTES,
    ExitFrame,
    Frame,
    Hold,
    Operation,
    Request,
    decode_frame,
    encode,
)


async def watch(socket: Path, hold: Hold) -> AsyncIterator[Frame]:
    """Yield the job's frames that ``hold`` has not seen; the last is an exit frame.

    An event ``unknown`` comes instead where the server has no such job, and ``taken`` where another
    client has come for it. They end without any of these where the server ends.

    Raises:
        OSError: no server listens there, or another user's.
    """
    reader, writer = await _connect(socket)
    try:
        writer.write(encode(Request(Operation.ATTACH, {}, hold=hold)))
        await writer.drain()
        while (line := await reader.readline()).endswith(b"\n"):
            frame = decode_frame(line)
            yield frame
            if isinstance(frame, ExitFrame):
                return
    except ConnectionError:
        return
    finally:
        writer.close()


async def cancel(socket: Path, hold: Hold) -> None:
    """End a job that runs without its client; nothing if there is none."""
    with contextlib.suppress(OSError):
        _, writer = await _connect(socket)
        try:
            writer.write(encode(Request(Operation.ATTACH, {}, hold=hold)) + CANCEL + b"\n")
            await writer.drain()
        finally:
            writer.close()
            await writer.wait_closed()


async def _connect(socket: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_unix_connection(socket, limit=MAX_FRAME_BYTES)
    if not same_user(writer.get_extra_info("socket")):
        writer.close()
        raise PermissionError(f"the process that listens on {socket} is another user's")
    return reader, writer
