"""What a parameter of a run may say: never code, and no place that nobody has opened to it.

Who may start a run is often not who may write its pipeline. A value from outside of the code is
therefore bounded, whatever component it is for.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.errors import UsageError
from headrace.graph.entities import RuntimeParameter

CODE = frozenset(
    (
        *("module_file", "module_path", "run_fn", "trainer_fn", "tuner_fn", "preprocessing_fn"),
        *("stats_options_updater_fn", "create_decoder_func", "custom_eval_shared_model"),
        *("custom_extractors", "serving_spec"),
    )
)
"""Properties of TFX's components that name code or a container to run."""
PLACES = frozenset(("input_base", "artifact_uri", "schema_file", "push_destination"))
"""Properties of TFX's components whose texts are places, also where they do not look like one."""
_OBJECT = "__tfx_object_type__"
_KEY = "the key itself"
_DIRECTORIES = ("baseDirectory", "base_directory")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
_HINT = (
    "it may name what is below its default or the pipeline's root; open other directories or URIs "
    "to runs with parameter_roots in headrace.toml, or HEADRACE_PARAMETER_ROOTS"
)


@dataclass(frozen=True)
class Bounds:
    """Where parameters of a run may lead.

    Attributes:
        roots: directories and URIs, for every parameter.
        authored: by parameter, what the author of a DAG has given for it.
    """

    roots: tuple[str, ...] = ()
    authored: Mapping[str, str] = field(default_factory=dict)


def require_within(
    parameter: RuntimeParameter, value: Any, properties: Collection[str], bounds: Bounds
) -> None:
    """Check a value that may have been given by whoever started the run.

    Args:
        properties: of components, that the parameter is the value of.

    Raises:
        UsageError: it names code, an object of a class, or a place out of bounds.
    """
    authors = [parameter.default, bounds.authored.get(parameter.name)]
    if not isinstance(value, str) or value in authors:
        return
    if code := CODE.intersection(properties):
        raise UsageError(
            f"parameter {parameter.name!r} names code ({min(code)}), which a run cannot choose",
            "code is chosen in the pipeline: leave the parameter out, to have its default",
        )
    allowed = [*bounds.roots, *(place for text in authors if text for place in _opened(str(text)))]
    for key, text in _texts(value):
        if text == _OBJECT:
            raise UsageError(
                f"parameter {parameter.name!r} holds an object of a class ({_OBJECT}), which TFX "
                "would import",
                "give plain JSON",
            )
        is_place = not PLACES.isdisjoint(properties) and key in ("", *_DIRECTORIES)
        if (is_place or _is_path(text)) and not any(_is_below(text, root) for root in allowed):
            raise UsageError(f"parameter {parameter.name!r} may not lead to {text!r}", _HINT)


def _opened(text: str) -> Iterator[str]:
    """The places that a text of an author's names."""
    for key, part in _texts(text):
        if key in ("", *_DIRECTORIES) or _is_path(part):
            yield part


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value with the key that it is below, also within JSON in a text."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield _KEY, name
            yield from _texts(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, key)
    elif isinstance(value, str):
        inner = _json(value)
        if inner is None:
            yield key, value
        else:
            yield from _texts(inner, key)


def _json(text: str) -> Any:
    """The object, list or text that a text is the JSON of; None if it is of none."""
    if not text.lstrip().startswith(("{", "[", '"')):
        return None
    try:
        # As TFX reads it, the last of two equal names would hide the first from us.
        return json.loads(text, object_pairs_hook=_all_pairs, strict=False)
    except (ValueError, RecursionError):
        return None


def _all_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        found[name] = [found[name], value] if name in found else value
    return found


def _is_path(text: str) -> bool:
    return (
        "\0" in text
        or text.startswith(("/", "~"))
        or _URL.match(text) is not None
        or ".." in re.split(r"[/\\]", text)
    )


def _is_below(text: str, root: str) -> bool:
    """Whether a place is a root or below it, links in the local file system followed."""
    if "\0" in text or not text or not root:
        return False
    place, directory = _resolved(text), _resolved(root)
    return place == directory or place.startswith(f"{directory.rstrip('/')}/")


def _resolved(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if separator and scheme != "file":
        return f"{scheme}://{posixpath.normpath(rest)}"
    return os.path.realpath(os.path.expanduser(rest if separator else text))
