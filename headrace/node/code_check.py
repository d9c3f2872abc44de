"""Imports all code that the nodes of a pipeline name, in the kind of process that will run them.

A pipeline compiles where its author's directories are at hand. A node is given names only: of its
executor, its driver, a resolver's strategy, a ``preprocessing_fn``. Here each is looked up as the
node will, in a process that has seen nothing of the compilation.
"""

from __future__ import annotations

import importlib
import io
import json
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tfx.dsl.io import fileio

_BUILT_IN = "tfx."
"""TFX's own operations on channels have names that are no paths, and its own code is installed."""
_FUNCTION_SUFFIX = "_fn"
_MODULE_PATH = "module_path"


def faults_of_code(ir_path: Path) -> list[str]:
    """A line for each name that cannot be imported: the node, the name, and why."""
    faults = []
    for node, what, path in _names(json.loads(ir_path.read_text(encoding="utf-8"))):
        try:
            if what == _MODULE_PATH:
                _import_packaged(path)
            else:
                _import(path)
        except Exception as error:
            told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            faults.append(f"node {node}: {what} {path} cannot be imported: {told}")
        except SystemExit as error:
            faults.append(f"node {node}: {what} {path} ends the process: exit({error.code})")
    return faults


def _names(pipeline: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each node with what it names and the name, in the pipeline's order."""
    deployment = pipeline.get("deploymentConfig", {})
    for item in pipeline.get("nodes", ()):
        if "subPipeline" in item:
            yield from _names(item["subPipeline"])
            continue
        node = item["pipelineNode"]
        name = node["nodeInfo"]["id"]
        for what, key in (("executor", "executorSpecs"), ("driver", "customDriverSpecs")):
            for path in _values(deployment.get(key, {}).get(name, {}), "classPath"):
                yield name, what, path
        for key in ("opType", "classPath"):
            for path in _values(node.get("inputs", {}), key):
                if not path.startswith(_BUILT_IN):
                    yield name, "resolver strategy", path
        for key, value in node.get("parameters", {}).get("parameters", {}).items():
            given = value.get("fieldValue", {}).get("stringValue")
            if given and (key == _MODULE_PATH or (key.endswith(_FUNCTION_SUFFIX) and "." in given)):
                yield name, key, given


def _values(tree: Any, key: str) -> Iterator[str]:
    """The texts that stand under a key, anywhere in a part of the IR."""
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            if name == key and isinstance(value, str):
                yield value
            else:
                yield from _values(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from _values(value, key)


def _import(path: str) -> None:
    module, _, name = path.rpartition(".")
    try:
        getattr(importlib.import_module(module), name)
    except AttributeError:
        raise AttributeError(f"module {module} has no {name!r}") from None


def _import_packaged(path: str) -> None:
    """A ``module_file``: TFX installs its wheel into a directory of the node's own."""
    module, _, wheel = path.partition("@")
    with fileio.open(wheel, "rb") as file:
        content = file.read()
    place = tempfile.mkdtemp(prefix="headrace-check-")
    zipfile.ZipFile(io.BytesIO(content)).extractall(place)
    sys.path.insert(0, place)
    try:
        importlib.import_module(module)
    finally:
        sys.path.remove(place)
        for name in [one.stem for one in Path(place).glob("*.py")]:
            sys.modules.pop(name, None)
