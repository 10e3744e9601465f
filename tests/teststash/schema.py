"""Builds the executable schema of one Stash version and compares versions."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from graphql import GraphQLScalarType, GraphQLSchema, ValueNode, build_schema, value_from_ast_untyped

from .sdl_inputs import FILTERS, INPUTS, ROOTS
from .sdl_types import TYPES

_MARK = re.compile(r"#(>=|<)(\d+)\.(\d+)\s*$")


def release(version: str) -> tuple[int, int]:
    """(0, 30) of `v0.30.1-19-gcf3489efd`. Raises ValueError for text that is no version."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    if found is None:
        raise ValueError(f"not a Stash version: {version!r}")
    return int(found[1]), int(found[2])


def sdl_of(wanted: tuple[int, int]) -> str:
    """The schema text of a release, e.g. (0, 30)."""
    lines = []
    for line in "\n".join((TYPES, FILTERS, INPUTS, ROOTS)).splitlines():
        mark = _MARK.search(line)
        if mark:
            limit = (int(mark[2]), int(mark[3]))
            if (wanted >= limit) is not (mark[1] == ">="):
                continue
            line = line[: mark.start()]
        lines.append(line)
    return "\n".join(lines)


@cache
def schema_of(wanted: tuple[int, int]) -> GraphQLSchema:
    """The schema of a release. Cached: schemas are immutable in use."""
    schema = build_schema(sdl_of(wanted))
    for name, made in schema.type_map.items():
        if isinstance(made, GraphQLScalarType) and name in _LOOSE:
            made.parse_literal = _untyped_literal  # type: ignore[method-assign]
            made.serialize = _as_is  # type: ignore[method-assign]
            made.parse_value = _as_is  # type: ignore[method-assign]
    for name in ("VisualFile", "BaseFile"):
        abstract: Any = schema.type_map[name]
        abstract.resolve_type = _file_type
    return schema


_LOOSE = {"Time", "Timestamp", "Int64", "Map", "Any", "PluginConfigMap", "BoolMap"}
_FILE_TYPES = {"image": "ImageFile", "video": "VideoFile", "gallery": "GalleryFile"}


def _as_is(value: Any) -> Any:
    return value


def _untyped_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    return value_from_ast_untyped(node, variables)


def _file_type(value: Any, *_: Any) -> str:
    return _FILE_TYPES[value["kind"]]
