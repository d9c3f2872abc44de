"""Asks the metadata stores, through a process of the TFX environment that has ml_metadata."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from typing import Any

from headrace.errors import HeadraceError
from headrace.launcher.starting import tfx_environ
from headrace.records.answers import Answer
from headrace.records.questions import QUESTIONS, Question
from headrace.records.stores import store_urls
from headrace.settings import Settings

_LIMIT_SECONDS = 300.0
_NAMES = {kind: name for name, kind in QUESTIONS.items()}


def ask(settings: Settings, question: Question) -> list[Answer]:
    """Return the answer of each of the project's metadata stores.

    Raises:
        UsageError: the store is known to Airflow only.
        HeadraceError: no store can be asked.
    """
    request = {
        "urls": store_urls(settings),
        "ask": _NAMES[type(question)],
        "question": asdict(question),
    }
    return [Answer.from_dict(item) for item in answers(settings, request)]


def answers(settings: Settings, request: dict[str, Any]) -> list[dict[str, Any]]:
    """What a process that has ml_metadata answers, for each of the request's stores.

    Raises:
        HeadraceError: there is no such process, or it does not answer.
    """
    try:
        completed = subprocess.run(
            [str(settings.tfx_python), "-m", "headrace.store"],
            input=json.dumps(request),
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
        found = json.loads(completed.stdout)
    except ValueError:
        end = "\n".join(completed.stderr.strip().splitlines()[-8:])
        raise HeadraceError("the metadata store cannot be read", end) from None
    return list(found)
