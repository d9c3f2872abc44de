"""Texts with a backslash in a metadata store on PostgreSQL, where ML Metadata cannot write them.

It takes the quotes off what libpq has quoted, without regard to the ``E`` that stands before the
quote where there is a backslash, and sends a statement that is no SQL. So a backslash goes there as
another character that looks like it, and is itself again when it is read.
"""

from __future__ import annotations

from typing import Any

_BACKSLASH, _INSTEAD = "\\", "\u29f5"


def hide(message: Any) -> None:
    """Replace every backslash in the texts of a request."""
    _replace(message, _BACKSLASH, _INSTEAD)


def show(message: Any) -> None:
    """Put them back in an answer."""
    _replace(message, _INSTEAD, _BACKSLASH)


def _replace(message: Any, old: str, new: str) -> None:
    if old.encode() in message.SerializeToString():
        _walk(message, old, new)


def _walk(message: Any, old: str, new: str) -> None:
    for field, value in message.ListFields():
        options = field.message_type.GetOptions() if field.message_type else None
        if options is not None and options.map_entry:
            _walk_map(field, value, old, new)
        elif field.cpp_type == field.CPPTYPE_MESSAGE:
            for item in value if field.is_repeated else [value]:
                _walk(item, old, new)
        elif field.type == field.TYPE_STRING:
            if field.is_repeated:
                value[:] = [item.replace(old, new) for item in value]
            else:
                setattr(message, field.name, value.replace(old, new))


def _walk_map(field: Any, entries: Any, old: str, new: str) -> None:
    """Keys too: a property's name is a text like its value."""
    for key in list(entries):
        renamed = key.replace(old, new) if isinstance(key, str) else key
        if field.message_type.fields_by_name["value"].message_type is not None:
            _walk(entries[key], old, new)
            if renamed != key:
                entries[renamed].CopyFrom(entries[key])
                del entries[key]
        elif renamed != key:
            entries[renamed] = entries.pop(key)
