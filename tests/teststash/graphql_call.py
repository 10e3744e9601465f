"""One GraphQL request: decoding, validation (422) and execution (200, also with errors)."""

from __future__ import annotations

import json
import sqlite3
import urllib.parse
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationType,
    execute,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from . import gojson, mutations, plugin_calls  # noqa: F401  (both register resolvers)
from .filters import FilterError
from .library import LibraryError
from .lists import SortError
from .resolvers import Request, resolve_field
from .schema import schema_of

EXPECTED = (LibraryError, FilterError, SortError, sqlite3.Error)


def answer_graphql(request: Request, method: str, mime: str, query: str, body: bytes) -> tuple[int, bytes]:
    """Status and document of the answer."""
    if method == "GET":
        sent: Any = dict(urllib.parse.parse_qsl(query))
        if "variables" in sent:
            sent["variables"] = gojson.loads(sent["variables"])
    elif not mime.startswith("application/json"):
        return 400, _errors(["transport not supported"])
    else:
        try:
            sent = gojson.loads(body)
        except ValueError as error:
            return 400, _errors([f"json request body could not be decoded: {error}"])
        if not isinstance(sent, dict):
            return 400, _errors(["json request body could not be decoded"])
    return _run(request, method, sent)


def _run(request: Request, method: str, sent: dict[str, Any]) -> tuple[int, bytes]:
    schema = schema_of(request.stash.release)
    try:
        document = parse(sent.get("query") or "", no_location=False)
    except GraphQLError as error:
        return _refused(request, [error], "GRAPHQL_PARSE_FAILED")
    problems: list[GraphQLError] = list(validate(schema, document))
    if problems:
        return _refused(request, problems, "GRAPHQL_VALIDATION_FAILED")
    name = sent.get("operationName") or None
    operation = get_operation_ast(document, name)
    if operation is None:
        return 422, _errors([f"operation {name or ''} not found"])
    if method == "GET" and operation.operation is not OperationType.QUERY:
        return 406, _errors(["GET requests only allow query operations"])
    coerced = get_variable_values(schema, operation.variable_definitions or [], sent.get("variables") or {})
    if isinstance(coerced, list):
        return _refused(request, coerced, "GRAPHQL_VALIDATION_FAILED")
    return _execute(request, schema, document, sent.get("variables") or {}, name)


def _execute(
    request: Request, schema: GraphQLSchema, document: DocumentNode, variables: dict[str, Any], name: str | None
) -> tuple[int, bytes]:
    result: Any = execute(
        schema,
        document,
        root_value={},
        context_value=request,
        variable_values=variables,
        operation_name=name,
        field_resolver=resolve_field,
    )
    answer: dict[str, Any] = {}
    if result.errors:
        for error in result.errors:
            if error.original_error is not None and not isinstance(error.original_error, EXPECTED):
                request.stash.broken.append(error.original_error)
            request.stash.log.add("Error", f"{'.'.join(str(part) for part in error.path or ())}: {error.message}")
        answer["errors"] = [_shown(error) for error in result.errors]
    answer["data"] = result.data
    return 200, json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()


def _shown(error: GraphQLError) -> dict[str, Any]:
    shown: dict[str, Any] = {"message": error.message}
    if error.path:
        shown["path"] = error.path
    return shown


def _refused(request: Request, problems: list[GraphQLError], code: str) -> tuple[int, bytes]:
    errors = []
    for problem in problems:
        places = [{"line": place.line, "column": place.column} for place in problem.locations or ()]
        errors.append({"message": problem.message, "locations": places, "extensions": {"code": code}})
        request.stash.log.add("Error", problem.message)
    return 422, json.dumps({"errors": errors, "data": None}).encode()


def _errors(messages: list[str]) -> bytes:
    return json.dumps({"errors": [{"message": message} for message in messages], "data": None}).encode()
