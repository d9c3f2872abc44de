"""What headrace adds to TFX's cache key: a digest of the author's code that the node runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tfx.proto.orchestration import executable_spec_pb2

from headrace.node.pipeline_ir import NodeSpec
from headrace.node.user_code import user_code_digest

_FLAG = "--headrace_user_code="


def code_digest(spec: NodeSpec, import_path: Sequence[str]) -> str:
    """Digest of the project's code that the node runs; empty if it runs none."""
    return user_code_digest(_code_paths(spec), import_path)


def with_code_digest(executor_spec: Any, digest: str) -> Any:
    """The executor specification with the digest in it, where there is one.

    TFX hashes the specification into its cache key. A node that runs none of the project's code
    keeps its key, and so what is cached for it.
    """
    if not digest:
        return executor_spec
    changed = type(executor_spec)()
    changed.CopyFrom(executor_spec)
    _python_spec(changed).extra_flags.append(f"{_FLAG}{digest}")
    return changed


def _code_paths(spec: NodeSpec) -> Iterator[str]:
    if spec.executor_spec is None or _python_spec(spec.executor_spec) is None:
        return
    yield _python_spec(spec.executor_spec).class_path
    if spec.driver_spec is not None:
        yield spec.driver_spec.class_path
    for value in spec.node.parameters.parameters.values():
        if value.field_value.string_value:
            yield value.field_value.string_value


def _python_spec(executor_spec: Any) -> Any:
    if isinstance(executor_spec, executable_spec_pb2.BeamExecutableSpec):
        return executor_spec.python_executor_spec
    if isinstance(executor_spec, executable_spec_pb2.PythonClassExecutableSpec):
        return executor_spec
    return None
