"""Runtime parameters of an IR: where they are, and whether their uses agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from headrace.graph.entities import ParameterType, RuntimeParameter

# TFX fills these itself in every run; they are not the user's to give.
RUN_ID_PARAMETER = "pipeline-run-id"
ROOT_PARAMETER = "pipeline-root"
BUILT_IN = frozenset((RUN_ID_PARAMETER, ROOT_PARAMETER))

_TYPES = {"INT": ParameterType.INT, "DOUBLE": ParameterType.FLOAT, "STRING": ParameterType.STR}
_PYTHON_TYPES: dict[ParameterType, Callable[[Any], int | float | str | bool]] = {
    ParameterType.INT: int,
    ParameterType.FLOAT: float,
    ParameterType.STR: str,
    ParameterType.BOOL: lambda value: bool(int(value)),
}
_VALUE_FIELDS = ("intValue", "doubleValue", "stringValue")


def parameters_in(tree: Any) -> Iterator[RuntimeParameter]:
    """Yield each use of a runtime parameter in a part of the IR, built-in ones excepted.

    Raises:
        ValueError: a parameter has no type, or a default that is not of its type.
    """
    if isinstance(tree, Mapping):
        used = tree.get("runtimeParameter")
        # A node may have an execution parameter of that very name: a Value, which has no name.
        if isinstance(used, Mapping) and isinstance(used.get("name"), str):
            if used["name"] not in BUILT_IN:
                yield _parameter(used, tree.get("schema", {}))
            return
        for value in tree.values():
            yield from parameters_in(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from parameters_in(value)


def _parameter(used: Mapping[str, Any], schema: Mapping[str, Any]) -> RuntimeParameter:
    name = used["name"]
    if used.get("type") not in _TYPES:
        raise ValueError(f"runtime parameter {name!r} has no type")
    kind = _TYPES[used["type"]]
    # TFX has no bool parameter: the compiler marks an int one with a bool default by this schema.
    if kind is ParameterType.INT and "booleanType" in schema.get("valueType", {}):
        kind = ParameterType.BOOL
    given = used.get("defaultValue", {})
    default = next((given[key] for key in _VALUE_FIELDS if key in given), None)
    if default is not None:
        default = _PYTHON_TYPES[kind](default)
    return RuntimeParameter(name=name, type=kind, default=default)


@dataclass
class ParameterTable:
    """Collects the uses of parameters by node, in pipeline order.

    Attributes:
        conflict: why the uses of one parameter do not agree, or empty.
    """

    conflict: str = ""
    _found: dict[str, RuntimeParameter] = field(default_factory=dict)

    def add(self, uses: Iterable[RuntimeParameter], node: str) -> None:
        """Note the uses of one node; ``node`` is empty for the pipeline itself."""
        for use in uses:
            known = self._found.setdefault(use.name, use)
            if not self.conflict:
                self.conflict = _disagreement(known, use, node)
            if node and node not in known.nodes:
                self._found[use.name] = replace(known, nodes=(*known.nodes, node))

    def parameters(self) -> tuple[RuntimeParameter, ...]:
        """Every parameter, in the order of first use."""
        return tuple(self._found.values())


def _disagreement(known: RuntimeParameter, use: RuntimeParameter, node: str) -> str:
    first, second = known.nodes[0] if known.nodes else "the pipeline", node or "the pipeline"
    if use.type is not known.type:
        return (
            f"runtime parameter {use.name!r} has two types: "
            f"{known.type.value} in {first} and {use.type.value} in {second}"
        )
    if use.default != known.default:
        return (
            f"runtime parameter {use.name!r} has two defaults: "
            f"{known.default!r} in {first} and {use.default!r} in {second}"
        )
    return ""
