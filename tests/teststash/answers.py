"""How a field of the schema finds its resolver. Keys are `Type.field`; a field without an entry is a plain value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphql import GraphQLResolveInfo

    from .stash import TestStash

Resolver = Callable[..., Any]
RESOLVERS: dict[str, Resolver] = {}


@dataclass(slots=True)
class Request:
    """What a resolver may ask about the request it serves."""

    stash: TestStash
    base_url: str
    user: str = ""
    visits: list[tuple[str, str]] = field(default_factory=list)
    client_gone: Callable[[], bool] = lambda: False


def resolves(*names: str) -> Callable[[Resolver], Resolver]:
    """Registers a function (source, request, **arguments) for `Type.field` names."""

    def register(function: Resolver) -> Resolver:
        for name in names:
            RESOLVERS[name] = function
        return function

    return register


def resolve_field(source: Any, info: GraphQLResolveInfo[Request], /, **arguments: Any) -> Any:
    """The field resolver handed to graphql-core."""
    handler = RESOLVERS.get(f"{info.parent_type.name}.{info.field_name}")
    if handler is not None:
        return handler(source, info.context, **arguments)
    return source.get(info.field_name)
