"""What headrace adds to TFX's cache key: the author's code that the node runs, and its Keras."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from tensorflow.errors import OpError
from tfx.dsl.io import fileio
from tfx.proto.orchestration import executable_spec_pb2

from headrace.node.pipeline_ir import NodeSpec
from headrace.node.user_code import UserModule, user_code_digest

_CODE_FLAG = "--headrace_user_code="
_KERAS_FLAG = "--headrace_keras="
_DEFAULT_KERAS = "3"
_MODULE_PARAMETERS = ("module_path", "module_file")
_FILE_ITSELF = "module file"
"""The name of a module that is read from a file: none that could be imported."""


def code_digest(spec: NodeSpec, import_path: Sequence[str]) -> str:
    """Digest of the project's code that the node runs; empty if it runs none."""
    return user_code_digest(_code_paths(spec), import_path, _user_module(spec))


def for_cache_key(spec: NodeSpec, digest: str, keras: str) -> Any:
    """The node's executor specification, with what headrace adds to TFX's cache key.

    TFX hashes the specification into the key. A node that runs none of the author's code keeps its
    key, and so what is cached for it, and so does one that runs with TensorFlow's own Keras.

    Args:
        digest: of the project's code that the node runs.
        keras: major version of Keras. What a node's user code makes depends on it.
    """
    flags = [f"{_CODE_FLAG}{digest}"] if digest else []
    if keras != _DEFAULT_KERAS and (digest or _has_user_module(spec)):
        flags.append(f"{_KERAS_FLAG}{keras}")
    if not flags:
        return spec.executor_spec
    changed = type(spec.executor_spec)()
    changed.CopyFrom(spec.executor_spec)
    _python_spec(changed).extra_flags.extend(flags)
    return changed


def _has_user_module(spec: NodeSpec) -> bool:
    return bool(_module_parameter(spec)) and _python_spec(spec.executor_spec) is not None


def _user_module(spec: NodeSpec) -> UserModule | None:
    """The node's ``module_file``: in the wheel that it was packaged in, or a file as it is."""
    if not _has_user_module(spec):
        return None
    name, packaged, wheel = _module_parameter(spec).partition("@")
    try:
        with fileio.open(wheel if packaged else name, "rb") as file:
            content = file.read()
        if not packaged:
            return UserModule(_FILE_ITSELF, {_FILE_ITSELF: content})
        with zipfile.ZipFile(io.BytesIO(content)) as zipped:
            modules = [item for item in zipped.namelist() if item.endswith(".py")]
            sources = {item.removesuffix(".py"): zipped.read(item) for item in modules}
        return UserModule(name, sources)
    except (OSError, OpError, zipfile.BadZipFile):
        return None  # the node itself will say so


def _module_parameter(spec: NodeSpec) -> str:
    parameters = spec.node.parameters.parameters
    given = [parameters[key] for key in _MODULE_PARAMETERS if key in parameters]
    return next(filter(None, (str(value.field_value.string_value) for value in given)), "")


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
