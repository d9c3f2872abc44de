"""TFX's runtime parameters as Airflow's Params, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Param

from headrace.errors import UsageError
from headrace.graph.entities import ParameterType, RuntimeParameter
from headrace.graph.values import NotHeld, ParameterValue, checked, read_text

__all__ = ["authored", "checked", "coerced", "dag_params", "is_template"]

_JSON_TYPES = {
    ParameterType.INT: "integer",
    ParameterType.FLOAT: "number",
    ParameterType.STR: "string",
    ParameterType.BOOL: "boolean",
}


def is_template(value: Any) -> bool:
    """Whether the value is filled in for each run."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def dag_params(
    declared: tuple[RuntimeParameter, ...], given: Mapping[str, Any]
) -> dict[str, Param]:
    """Return the params of the trigger form, checked by Airflow against their JSON schema.

    A parameter with a template may be left empty there: the template then applies.

    Raises:
        UsageError: a given parameter does not exist, or its value is of the wrong type.
    """
    names = [parameter.name for parameter in declared]
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise UsageError(
            f"unknown parameter {unknown[0]!r}",
            f"the pipeline's runtime parameters: {', '.join(names) or 'none'}",
        )
    return {item.name: _param(item, given.get(item.name, item.default)) for item in declared}


def _param(parameter: RuntimeParameter, value: Any) -> Param:
    kind = _JSON_TYPES[parameter.type]
    used_by = f"Used by {', '.join(parameter.nodes)}." if parameter.nodes else ""
    if is_template(value):
        description = f"{used_by} Empty: {value}".strip()
        return Param(None, type=["null", kind], description=description)
    if value is None:
        # Without a default Airflow asks for a value before it starts a run.
        return Param(type=kind, description=used_by)
    return Param(checked(parameter, value), type=kind, description=used_by)


def authored(params: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, str]:
    """What a DAG file says of parameters: their values in it, as texts.

    A template is cut at the last ``/`` before its first expression, since a run fills in the rest.
    """
    values = {
        name: param.value if isinstance(param, Param) else param for name, param in params.items()
    }
    values |= {
        name: _before_expression(value) for name, value in given.items() if is_template(value)
    }
    return {name: value for name, value in values.items() if isinstance(value, str) and value}


def _before_expression(template: str) -> str:
    first = min(place for sign in ("{{", "{%") if (place := template.find(sign)) >= 0)
    return template[: template.rfind("/", 0, first) + 1]


def coerced(parameter: RuntimeParameter, text: str, template: str) -> ParameterValue:
    """Return what a template came out as, in the parameter's type.

    Raises:
        UsageError: the text cannot be read as one.
    """
    try:
        return read_text(parameter.type, text)
    except NotHeld as error:
        raise UsageError(f"parameter {parameter.name!r}: {error}") from None
    except ValueError:
        raise UsageError(
            f"parameter {parameter.name!r} must be of type {parameter.type.value}: "
            f"the template {template!r} came out as {text!r}"
        ) from None
