"""``python -m headrace.compiler``: a ``CompileRequest`` on stdin, its ``Manifest`` on stdout.

Both are JSON. An error that is not the author's becomes ``{"error": {"message", "hint"}}`` and an
exit code other than 0. Whatever else is printed, by anyone, goes to stderr.
"""

from __future__ import annotations

import json
import os
import sys

from headrace.errors import EXIT_DONE, EXIT_USAGE, HeadraceError
from headrace.launcher.jobs import CompileRequest


def main() -> int:
    """Compile what stdin asks for and return the exit code."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with answer:
        try:
            request = CompileRequest(**json.load(sys.stdin))
        except (TypeError, ValueError) as error:
            return _refuse(answer, HeadraceError(f"not a compile request: {error}"), EXIT_USAGE)
        try:
            from headrace.compiler.compilation import compile_target

            answer.write(compile_target(request).to_json())
        except HeadraceError as error:
            return _refuse(answer, error, error.exit_code)
    return EXIT_DONE


def _refuse(answer: object, error: HeadraceError, code: int) -> int:
    json.dump({"error": {"message": error.message, "hint": error.hint}}, answer)  # type: ignore[arg-type]
    return code


if __name__ == "__main__":
    sys.exit(main())
