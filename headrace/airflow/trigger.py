"""The trigger: waits in Airflow's triggerer for a node whose task is deferred."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from headrace.airflow.frames import log_frame
from headrace.airflow.holding import host as this_host
from headrace.launcher.protocol import (
    ErrorFrame,
    EventFrame,
    ExitFrame,
    Hold,
    ProtocolError,
    ResultFrame,
)
from headrace.launcher.watching import cancel, watch

_ENDS = ("unknown", "taken")


class NodeTrigger(BaseTrigger):  # type: ignore[misc]
    """Fires when the node has ended, or cannot be seen any more; the task then finds out which.

    Args:
        socket: of the launcher that the node runs in.
        hold: fields of the job's ``Hold``.
        host: that the launcher runs on.
    """

    def __init__(self, socket: str, hold: dict[str, Any], host: str) -> None:
        super().__init__()
        self._socket, self._hold, self._host = Path(socket), Hold(**hold), host

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The class and its arguments, as Airflow stores them."""
        hold = {name: getattr(self._hold, name) for name in Hold.__dataclass_fields__}
        arguments = {"socket": str(self._socket), "hold": hold, "host": self._host}
        return (f"{type(self).__module__}.{type(self).__qualname__}", arguments)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Log what the node says, until it ends."""
        self.log.info("Waiting for the node on %s, without a worker slot", self._host)
        end, seen = await self._follow() if self._host == this_host() else ("elsewhere", 0)
        yield TriggerEvent({"end": end, "seen": seen or self._hold.seen, "host": self._host})

    async def on_kill(self) -> None:
        """End the node: a person has ended or cleared its task."""
        await cancel(self._socket, self._hold)

    async def _follow(self) -> tuple[str, int]:
        seen, ended = self._hold.seen, False
        try:
            async for frame in watch(self._socket, replace(self._hold, seen=seen)):
                if isinstance(frame, ExitFrame):
                    return ("ended", seen)
                if isinstance(frame, EventFrame) and frame.event in _ENDS:
                    return (frame.event, seen)
                if isinstance(frame, (ResultFrame, ErrorFrame)):
                    # These are for the task, which is told again from the first of them on.
                    ended = True
                seen += not ended
                log_frame(frame, self.log)
                await asyncio.sleep(0)
        except (OSError, ProtocolError, ValueError) as error:
            self.log.warning("The launcher cannot be watched: %s", error)
        return ("gone", seen)
