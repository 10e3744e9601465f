"""One GraphQL request: decoding, validation (422) and execution (200, also with errors)."""

from __future__ import annotations

import json
import re
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
    value_from_ast_untyped,
)

from . import gojson, mutations, mutations_people, plugin_calls, resolvers, server_fields  # noqa: F401  (registering)
from .answers import Request, resolve_field
from .filters import FilterError
from .library import LibraryError
from .lists import SortError
from .schema import schema_of
from .variables import VariableError, coerced

GONE = "context canceled"  # nobody is left to hear it
EXPECTED = (LibraryError, FilterError, SortError, sqlite3.Error)


JSON, GRAPHQL_JSON = "application/json", "application/graphql-response+json"


def answer_type(request: Request, accept: str | None) -> str:
    """The media type of the answer. Since v0.29 anything but an explicit application/json gets the newer type."""
    if request.stash.release < (0, 29) or not accept:
        return JSON
    for part in accept.split(","):
        kind = part.partition(";")[0].strip()
        if kind in (JSON, GRAPHQL_JSON, "*/*", "application/*"):
            return JSON if kind == JSON else GRAPHQL_JSON
    return GRAPHQL_JSON


def answer_graphql(request: Request, method: str, mime: str, query: str, body: bytes) -> tuple[int, bytes]:
    """Status and document of the answer; 422 stands for every refused document (400 in the newer media type)."""
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
    if not (sent.get("query") or "").strip():
        return _refused(request, [GraphQLError("no operation provided")], "GRAPHQL_VALIDATION_FAILED")
    try:
        document = parse(sent["query"], no_location=False)
    except GraphQLError as error:
        return _refused(request, [error], "GRAPHQL_PARSE_FAILED")
    problems: list[GraphQLError] = list(validate(schema, document))
    if problems:
        return _refused(request, problems, "GRAPHQL_VALIDATION_FAILED")
    name = sent.get("operationName") or None
    operation = get_operation_ast(document, name)
    if operation is None:
        wanted = "no operation provided" if not document.definitions else f"operation {name or ''} not found"
        return _refused(request, [GraphQLError(wanted)], "GRAPHQL_VALIDATION_FAILED")
    if method == "GET" and operation.operation is not OperationType.QUERY:
        return 406, _errors(["GET requests only allow query operations"])
    try:
        variables = coerced(schema, operation, sent.get("variables") or {})
    except VariableError as error:
        shown = {
            "message": str(error),
            "path": error.path,
            "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"},
        }
        return 422, _encoded({"errors": [shown], "data": None})
    return _execute(request, schema, document, variables, name)


def _execute(
    request: Request,
    schema: GraphQLSchema,
    document: DocumentNode,
    variables: dict[str, Any],
    name: str | None,
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
            path = ".".join(str(part) for part in error.path or ())
            if error.message != GONE:
                request.stash.log.add("Error", f"{path}: input: {path} {error.message}")
                request.stash.log.add("Debug", f"{path}: {gojson.dumps(_arguments(error, variables))}")
        answer["errors"] = [_shown(error) for error in result.errors]
    answer["data"] = result.data
    return 200, _encoded(answer)


def _arguments(error: GraphQLError, variables: dict[str, Any]) -> dict[str, Any]:
    """What the failing field was given: Stash logs it at Debug."""
    node: Any = next(iter(error.nodes or ()), None)
    found = getattr(node, "arguments", None) or ()
    return {one.name.value: value_from_ast_untyped(one.value, variables) for one in found}


def _shown(error: GraphQLError) -> dict[str, Any]:
    shown: dict[str, Any] = {"message": error.message}
    if error.path:
        shown["path"] = error.path
    return shown


def _refused(request: Request, problems: list[GraphQLError], code: str) -> tuple[int, bytes]:
    errors = [refusal(problem, code) for problem in problems]
    for shown in errors:
        request.stash.log.add("Error", shown["message"])
    return 422, _encoded({"errors": errors, "data": None})


def refusal(problem: GraphQLError, code: str) -> dict[str, Any]:
    """An error of a refused document as it is answered."""
    shown: dict[str, Any] = {"message": _worded(problem.message), "extensions": {"code": code}}
    if problem.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in problem.locations]
    return shown


def _worded(message: str) -> str:
    """The wording of the Go server for the refusals that clients look at; others only get its quotation marks."""
    text = message.removeprefix("Syntax Error: ").replace("'", '"')
    if found := re.match(r'Argument "\w+\.(\w+)\((\w+):\)" of type ("[^"]+") is required', text):
        return f'Field "{found[1]}" argument "{found[2]}" of type {found[3]} is required, but it was not provided.'
    if found := re.match(r'Expected value of type ("\w+") not to include unknown field ("\w+")', text):
        return f"Field {found[2]} is not defined by type {found[1]}."
    return (
        text
        if message == text
        else text.rstrip(".") + "." * message.endswith(".") * ("Syntax" not in message)
    )


def _encoded(answer: dict[str, Any]) -> bytes:
    """Compact, with Go's escapes of what HTML could mistake."""
    text = json.dumps(answer, separators=(",", ":"), ensure_ascii=False)
    for sign in "&<>":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.encode()


def _errors(messages: list[str]) -> bytes:
    return _encoded({"errors": [{"message": message} for message in messages], "data": None})
