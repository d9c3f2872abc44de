"""``python -m headrace.store``: a request on standard input, the answers on standard output.

Both are JSON. A request has the stores' ``urls``, and one of the acts below with what it takes. An
answer has the ``store``'s URL without a password, and what was read or done, or an ``error`` of
``message``, ``hint``, ``usage`` and ``unreadable``, or nothing else where there is no store yet.
Whatever else is printed, by anyone, goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from headrace.errors import EXIT_DONE, HeadraceError, UsageError
from headrace.keeping.repairs import RepairRequest
from headrace.records.entities import Records
from headrace.records.questions import QUESTIONS
from headrace.settings import MetadataUrl, parse_metadata_url


def main() -> int:
    """Answer, and return 0."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    request = json.load(sys.stdin)
    with answer:
        json.dump([_answer(url, request) for url in request["urls"]], answer)
    return EXIT_DONE


def _answer(text: str, request: dict[str, Any]) -> dict[str, Any]:
    from headrace.store.unavailable import StoreUnavailable

    url = parse_metadata_url(text, Path("/"))
    answer: dict[str, Any] = {"store": url.redacted()}
    try:
        [do] = [act for name, act in _ACTS.items() if name in request]
        answer.update(do(url, request))
    except HeadraceError as error:
        answer["error"] = {
            "message": error.message,
            "hint": error.hint,
            "usage": isinstance(error, UsageError),
            "unreadable": isinstance(error, StoreUnavailable),
        }
    return answer


def _read(url: MetadataUrl, request: dict[str, Any]) -> dict[str, Any]:
    from headrace.store.opening import open_to_read
    from headrace.store.reader import Reader

    store = open_to_read(url)
    if store is None:
        return {}
    question = QUESTIONS[request["ask"]](**request["question"])
    found: Records = getattr(Reader(store), request["ask"])(question)
    return {"records": found.to_dict()}


def _repaired(url: MetadataUrl, request: dict[str, Any]) -> dict[str, Any]:
    from headrace.store.repairing import repair_store

    closed = repair_store(url, RepairRequest(**request["repair"]))
    return {} if closed is None else {"repaired": [asdict(item) for item in closed]}


def _collected(url: MetadataUrl, request: dict[str, Any]) -> dict[str, Any]:
    from headrace.keeping.garbage import CollectRequest
    from headrace.store.collection import collect
    from headrace.store.opening import open_to_read, open_to_write

    what = CollectRequest(**request["collect"])
    store = open_to_write(url) if what.delete else open_to_read(url)
    if store is None:
        return {}
    return {"collected": asdict(collect(store, url.redacted(), what))}


def _migrated(url: MetadataUrl, _request: dict[str, Any]) -> dict[str, Any]:
    from headrace.store.migrating import upgrade

    upgrade(url)
    return {}


_ACTS = {"ask": _read, "repair": _repaired, "collect": _collected, "migrate": _migrated}


if __name__ == "__main__":
    sys.exit(main())
