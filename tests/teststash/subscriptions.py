"""jobsSubscribe over a WebSocket in the protocol graphql-transport-ws, which Stash's own pages speak.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Frames and handshake are left to the library
websockets, without its input and output: the thread of the HTTP connection goes on with its socket.
"""

from __future__ import annotations

import json
import select
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphql import DocumentNode, GraphQLError, execute, parse, validate
from websockets.datastructures import Headers
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request as Opening
from websockets.protocol import State
from websockets.server import ServerProtocol

from .answers import resolve_field
from .graphql_call import refusal
from .jobs import Listener
from .schema import schema_of

if TYPE_CHECKING:
    import socket

    from .stash import TestStash

PROTOCOL: Any = "graphql-transport-ws"
LOOK_S = 0.02  # how long news of a job may lie


def serve(stash: TestStash, connection: socket.socket, path: str, headers: Mapping[str, str]) -> None:
    """Answers the request to open one, and goes on until one of both closes. Raises OSError when it breaks."""
    speech = _Speech(stash, connection)
    try:
        speech.run(Opening(path, Headers(headers.items())).serialize())
    finally:
        speech.end()


class _Speech:
    """One connection with its subscriptions. `_listener` hears all jobs once the first of them is there."""

    def __init__(self, stash: TestStash, connection: socket.socket) -> None:
        self._stash, self._connection = stash, connection
        self._protocol = ServerProtocol(subprotocols=[PROTOCOL])
        self._documents: dict[str, DocumentNode] = {}  # by the id the client gave
        self._listener: Listener | None = None
        self._ready = False

    def run(self, opening: bytes) -> None:
        self._protocol.receive_data(opening)
        for event in self._protocol.events_received():
            if isinstance(event, Opening):
                self._protocol.send_response(self._protocol.accept(event))
        self._flush()
        while self._protocol.state is State.OPEN:
            if self._listener is not None:
                for news in self._listener.heard():
                    self._tell(news)
            if not select.select([self._connection], [], [], LOOK_S)[0]:
                continue
            data = self._connection.recv(65536)
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
            for event in self._protocol.events_received():
                if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    self._hear(json.loads(bytes(event.data)))
            self._flush()

    def end(self) -> None:
        if self._listener is not None:
            self._stash.jobs.unsubscribe(self._listener)

    def _hear(self, message: dict[str, Any]) -> None:
        kind, name = message["type"], message.get("id", "")
        if kind == "connection_init":
            self._ready = True
            self._say({"type": "connection_ack"})
        elif kind == "ping":
            self._say({"type": "pong"})
        elif kind == "complete":
            if self._documents.pop(name, None) is not None:
                self._say(message)
        elif kind == "subscribe" and self._ready:
            self._subscribe(name, message["payload"]["query"])
        elif kind != "pong":
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE, "terminated")

    def _subscribe(self, name: str, query: str) -> None:
        try:
            document = parse(query)
            problems = validate(schema_of(self._stash.release), document)
        except GraphQLError as error:
            problems = [error]
        if problems:
            told = [refusal(one, "GRAPHQL_VALIDATION_FAILED") for one in problems]
            self._say({"id": name, "type": "error", "payload": told})
            self._say({"id": name, "type": "complete"})
            return
        self._documents[name] = document
        self._listener = self._listener or self._stash.jobs.subscribe()

    def _tell(self, news: dict[str, Any]) -> None:
        schema = schema_of(self._stash.release)
        for name, document in self._documents.items():
            answer: Any = execute(schema, document, root_value={"jobsSubscribe": news}, field_resolver=resolve_field)
            self._say({"id": name, "type": "next", "payload": {"data": answer.data}})
        self._flush()

    def _say(self, message: dict[str, Any]) -> None:
        self._protocol.send_text(json.dumps(message).encode())

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._connection.sendall(data)
