"""Asks the metadata store, through a process of the TFX environment that has ml_metadata."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from headrace.errors import HeadraceError, UsageError
from headrace.launcher.starting import tfx_environ
from headrace.records.entities import Records
from headrace.records.questions import QUESTIONS, Question
from headrace.settings import Settings

_LIMIT_SECONDS = 300.0
_NAMES = {kind: name for name, kind in QUESTIONS.items()}


def ask(settings: Settings, question: Question) -> Records:
    """Return the answer of the settings' metadata store.

    Raises:
        UsageError: more than one run is meant, or the store is known to Airflow only.
        HeadraceError: the store cannot be read, or has not what the question names.
    """
    request = {
        "url": store_url(settings),
        "ask": _NAMES[type(question)],
        "question": asdict(question),
    }
    answer = _run(settings, json.dumps(request))
    if "error" in answer:
        said = answer["error"]
        raise (UsageError if said["usage"] else HeadraceError)(said["message"], said["hint"])
    return Records.from_dict(answer)


def store_url(settings: Settings) -> str:
    """URL of the store that the settings name, by default the SQLite file in the state directory.

    Raises:
        UsageError: it is in an Airflow Connection.
    """
    if settings.metadata_url:
        return settings.metadata_url
    if settings.metadata_conn_id:
        raise UsageError(
            f"the metadata store is in Airflow's Connection {settings.metadata_conn_id!r}, "
            "which only Airflow can read",
            "set HEADRACE_METADATA_URL to its URL for this command",
        )
    return f"sqlite:///{quote(str(settings.layout.metadata_database))}"


def _run(settings: Settings, request: str) -> dict[str, Any]:
    try:
        completed = subprocess.run(
            [str(settings.tfx_python), "-m", "headrace.store"],
            input=request,
            capture_output=True,
            text=True,
            env=tfx_environ(settings),
            timeout=_LIMIT_SECONDS,
            check=False,
        )
    except OSError as error:
        raise HeadraceError(
            f"{settings.tfx_python} cannot be run: {error.strerror}",
            "run bin/headrace setup, or set HEADRACE_TFX_PYTHON to the TFX environment's",
        ) from None
    except subprocess.TimeoutExpired:
        raise HeadraceError(
            f"the metadata store did not answer within {_LIMIT_SECONDS:.0f} s",
            "ask for less: --limit, --run",
        ) from None
    try:
        answer = json.loads(completed.stdout)
    except ValueError:
        end = "\n".join(completed.stderr.strip().splitlines()[-8:])
        raise HeadraceError("the metadata store cannot be read", end) from None
    return answer if isinstance(answer, dict) else {}
