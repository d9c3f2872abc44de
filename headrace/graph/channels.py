"""Input and output channels of an IR node."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

from headrace.graph.entities import NodeInput, NodeOutput

Json = Mapping[str, Any]


def node_outputs(outputs: Json) -> tuple[NodeOutput, ...]:
    """The outputs of a node, sorted by key."""
    specs = outputs.get("outputs", {})
    return tuple(
        NodeOutput(key, text_of(specs[key]["artifactSpec"]["type"]["name"]))
        for key in sorted(specs)
    )


def node_inputs(inputs: Json) -> tuple[NodeInput, ...]:
    """The inputs that a node's author sees, sorted by key.

    Channels that TFX adds for conditions and placeholders are left out; what they make the node
    wait for is among its upstream nodes. Their keys have a dot, which an author's cannot have.
    """
    specs = inputs.get("inputs", {})
    visible = sorted(
        key for key, spec in specs.items() if not spec.get("hidden") and "." not in key
    )
    return tuple(_input(key, inputs) for key in visible)


def required_producers(inputs: Json) -> list[str]:
    """Ids of the nodes of which each is the only one that an input can come from.

    Hidden inputs count, too: a condition cannot be judged without the artifact that it reads.
    """
    found: list[str] = []
    for key, spec in inputs.get("inputs", {}).items():
        channels = _channels(key, inputs, set()) if spec.get("minCount", 0) else []
        producers = {_producer(channel) for channel in channels}
        if len(producers) == 1:
            found += [name for name in producers if name]
    return found


def _input(key: str, inputs: Json) -> NodeInput:
    channels = _channels(key, inputs, set())
    producers = dict.fromkeys(
        (_producer(channel), text_of(channel.get("outputKey", ""))) for channel in channels
    )
    types = dict.fromkeys(
        channel.get("artifactQuery", {}).get("type", {}).get("name", "") for channel in channels
    )
    return NodeInput(
        key=key,
        artifact_type=" | ".join(name for name in types if name),
        producers=tuple(pair for pair in producers if pair[0]),
        optional=not inputs["inputs"][key].get("minCount", 0),
    )


def text_of(value: Any) -> str:
    """A value that has to be text.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {reprlib.repr(value)}")
    return value


def _producer(channel: Json) -> str:
    return text_of(channel.get("producerNodeQuery", {}).get("id", ""))


def _channels(key: str, inputs: Json, seen: set[str]) -> list[Json]:
    """The channels behind an input: its own, or those it is mixed or computed from.

    Args:
        seen: inputs that were looked at; each is looked at once.
    """
    spec = inputs.get("inputs", {}).get(key)
    if spec is None or key in seen:
        return []
    seen.add(key)
    channels: list[Json] = list(spec.get("channels", ()))
    sources: list[str] = list(spec.get("mixedInputs", {}).get("inputKeys", ()))
    graph_id = spec.get("inputGraphRef", {}).get("graphId")
    graph = inputs.get("inputGraphs", {}).get(graph_id, {}) if graph_id else {}
    for node in graph.get("nodes", {}).values():
        if "inputNode" in node:
            sources.append(node["inputNode"].get("inputKey", ""))
    for source in sources:
        channels.extend(_channels(source, inputs, seen))
    return channels
