"""Variables as the Go server coerces them: laxer than the specification for numbers, stricter for nothing."""

from __future__ import annotations

import re
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    type_from_ast,
    value_from_ast_untyped,
)

from .gojson import NumberText

_INT = re.compile(r"[+-]?\d+")
_INT64 = 2**63
_MISSING = object()


class VariableError(Exception):
    """A variable that does not fit; `path` starts with "variable"."""

    def __init__(self, message: str, path: list[str | int]) -> None:
        super().__init__(message)
        self.path = path


def coerced(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: dict[str, Any]
) -> dict[str, Any]:
    """Values for the variables the operation declares; others are ignored. Raises VariableError."""
    values: dict[str, Any] = {}
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        wanted: Any = type_from_ast(schema, definition.type)
        value = given.get(name, _MISSING)
        if value is _MISSING:
            if definition.default_value is not None:
                values[name] = value_from_ast_untyped(definition.default_value)
            elif isinstance(wanted, GraphQLNonNull):
                raise VariableError("must be defined", ["variable", name])
            continue
        values[name] = _fit(wanted, value, ["variable", name])
    return values


def _fit(wanted: GraphQLInputType, value: Any, path: list[str | int]) -> Any:
    if isinstance(wanted, GraphQLNonNull):
        if value is None:
            raise VariableError("cannot be null", path)
        return _fit(wanted.of_type, value, path)
    if value is None:
        return None
    if isinstance(wanted, GraphQLList):
        many = value if isinstance(value, list) else [value]
        return [_fit(wanted.of_type, one, [*path, place]) for place, one in enumerate(many)]
    if isinstance(wanted, GraphQLInputObjectType):
        return _fit_object(wanted, value, path)
    if isinstance(wanted, GraphQLEnumType):
        if str(value).upper() not in {name.upper() for name in wanted.values}:
            raise VariableError(f"{value} is not a valid {wanted.name}", path)
        return value
    return _fit_scalar(wanted.name, value, path)


def _fit_object(wanted: GraphQLInputObjectType, value: Any, path: list[str | int]) -> Any:
    if not isinstance(value, dict):
        raise VariableError(f"must be a {wanted.name}, not a {_kind(value)}", path)
    for name in value:
        if name not in wanted.fields:
            raise VariableError("unknown field", [*path, name])
    made = {}
    for name, field in wanted.fields.items():
        if name in value:
            made[name] = _fit(field.type, value[name], [*path, name])
        elif isinstance(field.type, GraphQLNonNull):
            raise VariableError("must be defined", [*path, name])
    return made


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (list, dict)):
        return "slice" if isinstance(value, list) else "map"
    return "string"  # a JSON number is text to the Go server


def _fit_scalar(name: str, value: Any, path: list[str | int]) -> Any:
    plain = isinstance(value, (int, float, str)) and not isinstance(value, bool)
    written = value.text if isinstance(value, NumberText) else str(value)
    if name == "Boolean" and isinstance(value, bool):
        return value
    if name in ("String", "ID") and plain:
        return written
    if name == "Int" and plain:
        return _fit_int(value, written, path)
    if name == "Float" and plain:
        try:
            return float(written)
        except ValueError as error:
            raise VariableError(f"cannot use {_kind(value)} as {name}", path) from error
    if name in ("Boolean", "String", "ID", "Int", "Float"):
        raise VariableError(f"cannot use {_kind(value)} as {name}", path)
    return value


def _fit_int(value: Any, written: str, path: list[str | int]) -> int:
    if not _INT.fullmatch(written):
        shown = "value 0" if not isinstance(value, str) else "string"
        raise VariableError(f"cannot use {shown} as Int", path)
    number = int(written)
    if not -_INT64 <= number < _INT64:
        raise VariableError(f"cannot use value {_INT64 - 1} as Int", path)
    return number
