"""``python -m headrace.store``: a question on standard input, the records on standard output.

Both are JSON. An error becomes ``{"error": {"message", "hint", "usage"}}``. Whatever else is
printed, by anyone, goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from headrace.errors import EXIT_DONE, EXIT_FAILED, HeadraceError, UsageError
from headrace.records.entities import Records
from headrace.records.questions import QUESTIONS
from headrace.settings import parse_metadata_url


def main() -> int:
    """Answer and return 0, or 1 with an error for an answer."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with answer:
        try:
            found = _answer(json.load(sys.stdin))
        except HeadraceError as error:
            said = {"message": error.message, "hint": error.hint}
            json.dump({"error": {**said, "usage": isinstance(error, UsageError)}}, answer)
            return EXIT_FAILED
        json.dump(found.to_dict(), answer)
    return EXIT_DONE


def _answer(request: dict[str, Any]) -> Records:
    from headrace.store.opening import open_to_read
    from headrace.store.reader import Reader

    url = parse_metadata_url(request["url"], Path("/"))
    store = open_to_read(url)
    if store is None:
        notice = f"nothing has run yet: there is no metadata store at {url.redacted()}"
        if request["ask"] in ("run", "lineage"):
            raise HeadraceError(notice, "is HEADRACE_METADATA_URL set as where the pipeline runs?")
        return Records(notice=notice)
    question = QUESTIONS[request["ask"]](**request["question"])
    found: Records = getattr(Reader(store), request["ask"])(question)
    return found


if __name__ == "__main__":
    sys.exit(main())
