"""Asks the TFX environment to push an earlier model of a pipeline again."""

from __future__ import annotations

import getpass
import os
from dataclasses import asdict
from pathlib import Path

from headrace.errors import UsageError
from headrace.launcher.client import LauncherClient
from headrace.launcher.jobs import RollbackRequest, RollbackResult
from headrace.launcher.protocol import Operation
from headrace.records.stores import store_urls
from headrace.settings import Settings, parse_metadata_url


def roll_back(settings: Settings, pipeline: str, model: int = 0) -> RollbackResult:
    """Push the model before the live one again, or the model of that artifact id.

    Raises:
        UsageError: the pipeline has pushed no model, or there is none to go back to.
        HeadraceError: its files are gone, or the store or the serving directory cannot be used.
    """
    for url in filter(_exists, store_urls(settings)):
        request = RollbackRequest(
            pipeline=pipeline,
            metadata_url=url,
            model=model,
            owner=f"rollback:{getpass.getuser()}@{os.uname().nodename}",
            keras=settings.keras.value if settings.keras else "3",
        )
        done = LauncherClient(settings).run(Operation.ROLL_BACK, asdict(request))
        if done:
            return RollbackResult(**done)
    raise UsageError(
        f"pipeline {pipeline} has pushed no model",
        "bin/headrace artifacts --type PushedModel lists those that there are",
    )


def _exists(url: str) -> bool:
    """Whether there is a store to ask: opening an SQLite file that is not there would make one."""
    path = parse_metadata_url(url, Path.cwd()).path
    return path is None or path.is_file()
