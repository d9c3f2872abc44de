"""Why a node has nothing to do in a run: the conditions that do not hold, and what they read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tfx.dsl.compiler import placeholder_utils
from tfx.orchestration import data_types_utils
from tfx.orchestration.portable import data_types
from tfx.orchestration.portable.input_resolution import node_inputs_resolver
from tfx.proto.orchestration import pipeline_pb2, placeholder_pb2

_REASON = "reason"
"""Custom property with which an artifact says why it is as it is."""
_SHORTER = (
    (re.compile(r'input\("_?([^"]+)"\)(\[0\])?'), r"\1"),
    (re.compile(r'\.(custom_)?property\("([^"]+)"\)'), r".\2"),
    (re.compile(r'"(-?\d+(\.\d+)?)"'), r"\1"),
)


def why_skipped(handle: Any, node: Any) -> str:
    """The conditions of a node that do not hold, for a person; empty if there are none."""
    found = list(_reasons(handle, node))
    return "; ".join(dict.fromkeys(found))


def _reasons(handle: Any, node: Any) -> Iterator[str]:
    inputs = pipeline_pb2.NodeInputs()
    inputs.CopyFrom(node.inputs)
    inputs.ClearField("conditionals")
    for item in inputs.inputs.values():
        item.min_count = 0
    for resolved in node_inputs_resolver.resolve(handle, inputs):
        context = placeholder_utils.ResolutionContext(
            exec_info=data_types.ExecutionInfo(input_dict=resolved)
        )
        for condition in node.inputs.conditionals.values():
            expression = condition.placeholder_expression
            if not placeholder_utils.resolve_placeholder_expression(expression, context):
                yield _told(expression, resolved)


def _told(expression: Any, resolved: Any) -> str:
    text = placeholder_utils.debug_str(expression).strip("()")
    if text.count("(") != text.count(")"):
        text = placeholder_utils.debug_str(expression)
    for pattern, shorter in _SHORTER:
        text = pattern.sub(shorter, text)
    told = [f"{text} does not hold"]
    for key in dict.fromkeys(_keys(expression)):
        for artifact in resolved.get(key, ()):
            properties = _properties(artifact)
            told += [
                f"{name} of {artifact.type_name} {artifact.id} is {properties[name]}"
                for name in dict.fromkeys(_read(expression))
                if name in properties
            ]
            told += [str(properties[_REASON])] if properties.get(_REASON) else []
    return ": ".join(told)


def _properties(artifact: Any) -> dict[str, Any]:
    item = artifact.mlmd_artifact
    return {
        name: data_types_utils.get_metadata_value(value)
        for values in (item.properties, item.custom_properties)
        for name, value in values.items()
    }


def _keys(expression: Any) -> Iterator[str]:
    for item in _all(expression):
        of_input = item.placeholder.type == placeholder_pb2.Placeholder.INPUT_ARTIFACT
        if item.HasField("placeholder") and of_input:
            yield item.placeholder.key


def _read(expression: Any) -> Iterator[str]:
    for item in _all(expression):
        if item.HasField("operator") and item.operator.HasField("artifact_property_op"):
            yield item.operator.artifact_property_op.key


def _all(expression: Any) -> Iterator[Any]:
    """The expression and all within it."""
    yield expression
    if not expression.HasField("operator"):
        return
    kind = expression.operator.WhichOneof("operator_type")
    for _, value in getattr(expression.operator, kind).ListFields():
        parts = value if hasattr(value, "__iter__") and not isinstance(value, str) else [value]
        for part in parts:
            if isinstance(part, placeholder_pb2.PlaceholderExpression):
                yield from _all(part)
