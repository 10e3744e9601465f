"""Our line to Stash: signs in, asks, tries again while Stash restarts, and says in one sentence why it
failed.

All foreign exceptions are translated here. What Stash restarting or busy costs is waited for; everything
else is told at once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

from compreface_plugin.domain.errors import (
    MediaUnavailable,
    NotAuthorised,
    ServiceRefused,
    ServiceUnavailable,
)
from compreface_plugin.domain.worked import Step
from compreface_plugin.stash import documents
from compreface_plugin.stash.address import Address, address_of
from compreface_plugin.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from compreface_plugin.ports import Progress
    from compreface_plugin.request import ServerConnection
    from compreface_plugin.stash.transport import Reply, Transport

PATIENCE_S = 30.0  # Stash restarts, or updates its database, within this time
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 4.0
PICTURE_READ_S = 60.0
LARGEST_PICTURE = 512 * 1024 * 1024  # bytes; more than any picture we decode
_GATEWAY = (502, 503, 504)  # a reverse proxy while Stash is away
_LOGIN_SIGNS = (b'type="password"', b"login", b"sign in")
_BLOCK = 256 * 1024


class _Answer(Protocol):
    @property
    def status(self) -> int: ...

    @property
    def busy(self) -> bool: ...


AnswerT = TypeVar("AnswerT", bound=_Answer)


@dataclass(frozen=True, slots=True)
class _Picture:
    status: int
    content_type: str
    location: str
    body: bytes
    busy: bool = False


class AnswerLost(ServiceUnavailable):
    """A request that must not be sent twice was sent, and its answer never came: it may or may not have
    worked.
    """


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for Stash. `wait` sleeps and may raise Cancelled (a cancel token's `wait`)."""

    total_s: float = PATIENCE_S
    wait: Callable[[float], None] = time.sleep


class StashClient:
    """Executes GraphQL documents and fetches pictures. Any thread may call."""

    def __init__(
        self,
        address: Address,
        transport: Transport,
        log: Progress,
        patience: Patience,
        steps: Stopwatch | None = None,
    ) -> None:
        self.address = address
        self.version = ""
        self.features: frozenset[str] = frozenset()
        self._transport = transport
        self._log = log
        self._patience = patience
        self._settings: dict[str, Mapping[str, Any]] = {}
        self._steps = steps or Stopwatch()

    @classmethod
    def connect(
        cls,
        connection: ServerConnection,
        log: Progress,
        *,
        stash_url: str | None = None,
        plugin_id: str = "compreface",
        mask: Callable[[str], None] = lambda secret: None,
        patience: Patience | None = None,
        steps: Stopwatch | None = None,
    ) -> StashClient:
        """Signs in with the session's cookie, and learns version, features and settings by one request.

        The API key is used beside the cookie when Stash has one. `mask` is told every secret that comes by,
        `steps` what takes how long.
        Raises ServiceUnavailable, NotAuthorised, ServiceRefused, SettingsError (a bad `stash_url`).
        """
        from compreface_plugin.stash.transport import Transport

        address = address_of(connection, stash_url)
        mask(connection.cookie_value)
        transport = Transport(address, (connection.cookie_name, connection.cookie_value))
        client = cls(address, transport, log, patience or Patience(), steps)
        client._learn(client.execute(documents.HELLO, {"plugins": [plugin_id]}), plugin_id, mask)
        chosen = None if stash_url else client.plugin_settings(plugin_id).get("stashUrl")
        if chosen and address_of(connection, str(chosen)) != address:
            client.close()
            return cls.connect(
                connection, log, stash_url=str(chosen), plugin_id=plugin_id, mask=mask, patience=patience, steps=steps
            )
        return client

    def wait_with(self, wait: Callable[[float], None]) -> None:
        """From now on pauses between two tries are slept by `wait`, which may raise Cancelled."""
        self._patience = replace(self._patience, wait=wait)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, the repeated ones included."""
        return self._transport.requests_sent

    def execute(
        self, document: str, variables: Mapping[str, Any] | None = None, *, repeatable: bool = True
    ) -> Mapping[str, Any]:
        """The `data` of an answer without errors.

        `repeatable=False` for what must not happen twice: AnswerLost when it may have. Raises ServiceRefused
        with Stash's own words, NotAuthorised, ServiceUnavailable.
        """
        reply = self._ask(document, variables or {}, repeatable)
        if reply.errors or reply.data is None:
            raise ServiceRefused(f"Stash refused a request: {_words(reply)}.")
        return reply.data

    def execute_partial(
        self, document: str, variables: Mapping[str, Any], *, repeatable: bool = True
    ) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """What worked and what did not, by the names of the top-level fields (aliases).

        A field with an error is not to be looked for in the first. Raises as `execute` when nothing worked
        and the errors belong to no field.
        """
        reply = self._ask(document, variables, repeatable)
        failed: dict[str, str] = {}
        for error in reply.errors:
            if not error.path:
                raise ServiceRefused(f"Stash refused a request: {_words(reply)}.")
            failed.setdefault(str(error.path[0]), error.message)
        if reply.data is None:
            raise ServiceRefused(f"Stash refused a request: {_words(reply)}.")
        return reply.data, failed

    def get_bytes(self, url: str) -> tuple[bytes, str]:
        """A picture by a URL or path of Stash, with its content type in lower case.

        Raises MediaUnavailable when this one cannot be had, NotAuthorised when a login page comes instead,
        ServiceUnavailable when Stash does not answer.
        """
        own = self.address.own(url)
        with self._steps.of(Step.READ):
            picture = self._patiently(lambda: self._get(own), repeatable=True)
        status, content_type = picture.status, picture.content_type
        where = _path(own)
        if status in (401, 403) or (300 <= status < 400 and "login" in picture.location):
            raise NotAuthorised(_unauthorised(self.address, f"the picture {where}", status))
        if status != 200:
            raise MediaUnavailable(f"Stash has no picture at {where} (HTTP {status}).")
        if content_type.startswith("text/html"):
            start = picture.body[:65536].lower()
            if any(sign in start for sign in _LOGIN_SIGNS):
                raise NotAuthorised(_unauthorised(self.address, f"the picture {where}", status))
            raise MediaUnavailable(f"Stash answered with a web page instead of the picture {where}.")
        return picture.body, content_type

    def plugin_settings(self, plugin_id: str) -> Mapping[str, Any]:
        """What the user set for a plugin, as stored; empty when nothing was. Known from the first request
        on.
        """
        if plugin_id not in self._settings:
            data = self.execute(documents.PLUGIN_SETTINGS, {"plugins": [plugin_id]})
            self._settings[plugin_id] = (data["configuration"]["plugins"] or {}).get(plugin_id) or {}
        return self._settings[plugin_id]

    def close(self) -> None:
        self._transport.close()

    def _learn(self, data: Mapping[str, Any], plugin_id: str, mask: Callable[[str], None]) -> None:
        self.version = (data["version"] or {}).get("version") or "of unknown version"
        configuration = data["configuration"]
        key = configuration["general"].get("apiKey") or ""
        if key:
            mask(key)
            self._transport.api_key = key
        self._settings[plugin_id] = (configuration["plugins"] or {}).get(plugin_id) or {}
        fields = (data["imageFile"] or {}).get("fields") or ()
        self.features = frozenset(f"ImageFile.{field['name']}" for field in fields)

    def _ask(self, document: str, variables: Mapping[str, Any], repeatable: bool) -> Reply:
        with self._steps.of(Step.WRITE if document.lstrip().startswith("mutation") else Step.READ):
            reply = self._patiently(lambda: self._transport.post(document, variables), repeatable)
            if reply.status == 401 and self._transport.api_key:
                # The key was changed or withdrawn; a wrong key is not rescued by a good cookie.
                self._transport.api_key = ""
                reply = self._patiently(lambda: self._transport.post(document, variables), repeatable)
        if reply.status == 200 and reply.is_json:
            return reply
        raise self._refusal(reply)

    def _refusal(self, reply: Reply) -> Exception:
        if reply.status in (401, 403) or (reply.status == 200 and "html" in reply.content_type):
            return NotAuthorised(_unauthorised(self.address, "data", reply.status))
        if reply.status == 422 or (reply.status == 400 and reply.is_json):
            return ServiceRefused(
                f"Stash {self.version or 'of unknown version'} does not understand a request of the plugin "
                f"({_words(reply)}); the plugin needs Stash 0.28 or newer, so update Stash or the plugin."
            )
        return ServiceRefused(
            f"Stash at {self.address.base} answered HTTP {reply.status} instead of data ({_words(reply)}); "
            "check that the setting stashUrl leads to Stash."
        )

    def _get(self, url: str) -> _Picture:
        with self._transport.get(url, (10.0, PICTURE_READ_S)) as response:
            blocks: list[bytes] = []
            size = 0
            for block in response.iter_content(_BLOCK):
                blocks.append(block)
                size += len(block)
                if size > LARGEST_PICTURE:
                    raise MediaUnavailable(f"The picture {_path(url)} is larger than {LARGEST_PICTURE >> 20} MiB.")
            return _Picture(
                response.status_code,
                response.headers.get("Content-Type", "").lower(),
                response.headers.get("Location", "").lower(),
                b"".join(blocks),
            )

    def _patiently(self, ask: Callable[[], AnswerT], repeatable: bool) -> AnswerT:
        """Asks until there is an answer that is no sign of a restart, or patience is at its end."""
        from compreface_plugin import http_trouble as trouble

        until = time.monotonic() + self._patience.total_s
        pause = FIRST_PAUSE_S
        told = False
        while True:
            try:
                answer = ask()
            except trouble.HTTP_ERRORS as error:
                problem = trouble.describe(error)
                if trouble.is_final(error):
                    raise ServiceUnavailable(_silent(self.address, problem)) from error
                if not repeatable and not trouble.never_sent(error):
                    raise AnswerLost(_silent(self.address, problem)) from error
            else:
                if answer.status not in _GATEWAY and not answer.busy:
                    return answer
                problem = "its database is locked" if answer.busy else f"HTTP {answer.status}"
            if time.monotonic() + pause > until:
                raise ServiceUnavailable(_silent(self.address, problem))
            if not told:
                self._log.warning(f"Stash does not answer ({problem}); trying for {self._patience.total_s:.0f} s.")
                told = True
            self._patience.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)


def _silent(address: Address, problem: str) -> str:
    return (
        f"Stash does not answer at {address.base} ({problem}); start the task again when it runs, "
        "or set stashUrl when it is reached at another address."
    )


def _unauthorised(address: Address, what: str, status: int) -> str:
    return (
        f"Stash at {address.base} refused the plugin's session when asked for {what} (HTTP {status}); "
        "start the task again from Stash, and check that no login page stands before the address in stashUrl."
    )


def _words(reply: Reply) -> str:
    """What Stash said, short."""
    said = "; ".join(dict.fromkeys(error.message for error in reply.errors)) or " ".join(reply.text.split())
    return said[:500] or "no reason given"


def _path(url: str) -> str:
    return urlsplit(url).path
