"""``python -m headrace.store``: a question on standard input, the answers on standard output.

Both are JSON. An answer has the ``store``'s URL without a password, and ``records`` or an
``error`` of ``message``, ``hint``, ``usage`` and ``unreadable``, or neither where there is no store
yet.
Whatever else is printed, by anyone, goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from headrace.errors import EXIT_DONE, HeadraceError, UsageError
from headrace.records.entities import Records
from headrace.records.questions import QUESTIONS
from headrace.settings import parse_metadata_url


def main() -> int:
    """Answer, and return 0."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    request = json.load(sys.stdin)
    with answer:
        json.dump([_answer(url, request) for url in request["urls"]], answer)
    return EXIT_DONE


def _answer(text: str, request: dict[str, Any]) -> dict[str, Any]:
    from headrace.store.opening import open_to_read
    from headrace.store.reader import Reader
    from headrace.store.unavailable import StoreUnavailable

    url = parse_metadata_url(text, Path("/"))
    answer: dict[str, Any] = {"store": url.redacted()}
    try:
        store = open_to_read(url)
        if store is not None:
            question = QUESTIONS[request["ask"]](**request["question"])
            found: Records = getattr(Reader(store), request["ask"])(question)
            answer["records"] = found.to_dict()
    except HeadraceError as error:
        answer["error"] = {
            "message": error.message,
            "hint": error.hint,
            "usage": isinstance(error, UsageError),
            "unreadable": isinstance(error, StoreUnavailable),
        }
    return answer


if __name__ == "__main__":
    sys.exit(main())
