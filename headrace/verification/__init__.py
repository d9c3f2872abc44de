"""What ``headrace test`` does, step by step."""

from headrace.verification.verify import verify

__all__ = ["verify"]
