"""Errors that a user sees as one clear message, without a stack trace."""

from __future__ import annotations

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2


class HeadraceError(Exception):
    """Something failed for a reason that the user can act on.

    Args:
        message: what was wrong and where (file, line, node).
        hint: what to do about it; may be empty.
    """

    exit_code = EXIT_FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(HeadraceError):
    """The command, setting or target was written wrongly; nothing was started."""

    exit_code = EXIT_USAGE
