"""Our line to CompreFace: asks, tries again while it restarts, and says in one sentence why it failed.

The recognition key is enough for everything. All foreign exceptions are translated here; keys never stand in a
message. Any thread may call.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compreface_plugin import http_trouble
from compreface_plugin.compreface import alive, answers, trouble
from compreface_plugin.compreface.models import ServerModel
from compreface_plugin.compreface.patience import Patience
from compreface_plugin.compreface.trouble import Meaning
from compreface_plugin.domain.calculators import known_calculator
from compreface_plugin.domain.errors import NotAuthorised, PluginError, ServiceRefused, ServiceUnavailable
from compreface_plugin.domain.sentences import sentence

if TYPE_CHECKING:
    from compreface_plugin.compreface.transport import Files, Reply, Transport
    from compreface_plugin.ports import Progress

API = "/api/v1"
DOUBTFUL_TRIES = 3
"""Failures of the server on one and the same request before that request is held to be the cause."""
LONGEST_TROUBLE_S = 120.0
"""Of one request: where each try takes its time to fail (half a minute without a database), they are fewer."""
FAILED_IN_A_ROW = 4
"""Pictures that fail one after the other before the server is held to be the cause."""
LEAST_PROBABILITY = 0.3
"""Lower detection thresholds flood an InsightFace build with boxes until it falls over."""
DOORS = {
    "recognition": ("GET", "/recognition/faces"),
    "detection": ("POST", "/detection/detect"),
    "verification": ("POST", "/verification/verify"),
}
"""A request per kind of service that its key alone opens; none of them does anything."""
DEFAULT_FILE_BYTES = 5 * 1024 * 1024
DEFAULT_BODY_BYTES = 10 * 1024 * 1024


class AnswerLost(ServiceUnavailable):
    """A request that must not be sent twice was sent, and its answer never came: it may or may not have worked."""

    def __init__(self, base: str, asked: str, problem: str) -> None:
        super().__init__(f"CompreFace at {base} was asked {asked}, and nobody knows whether it was done: {problem}.")
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Keys:
    """One per kind of service. Only `recognition` is needed."""

    recognition: str = field(repr=False)
    detection: str | None = field(default=None, repr=False)
    verification: str | None = field(default=None, repr=False)

    def of(self, kind: str) -> str:
        """The key of a kind of service, "" when there is none."""
        held: str | None = getattr(self, kind)
        return held or ""

    def hide(self, text: str) -> str:
        """`text` without any of the keys: the server repeats them in its errors."""
        for key in (self.recognition, self.detection, self.verification):
            text = text.replace(key, "(key)") if key else text
        return text


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server takes, in bytes: one file of a multipart request, and a whole request."""

    file_bytes: int = DEFAULT_FILE_BYTES
    body_bytes: int = DEFAULT_BODY_BYTES

    @property
    def picture_bytes(self) -> int:
        """The largest picture sent: a little room is left for the multipart frame."""
        return min(self.file_bytes, self.body_bytes - 4096) - 1024


class CompreFaceClient:
    """Typed calls. Raises NotAuthorised, ServiceUnavailable, ServiceRefused; PictureFailed for one picture alone."""

    def __init__(
        self, transport: Transport, keys: Keys, log: Progress | None = None, patience: Patience | None = None
    ) -> None:
        self.base = transport.base
        self.concurrency = transport.concurrency
        self.patience = patience or Patience()
        self._transport, self._keys, self._log = transport, keys, log
        self._limits: Limits | None = None
        self._lock = threading.Lock()
        self._failed = 0
        self._troubled = False  # a warning was logged since the last good answer
        self._given_up = False  # patience was at its end: until the next good answer nobody waits again
        self._warming = threading.Lock()
        self._warm = False

    @property
    def identity(self) -> str:
        """Stands for server and collection, without telling the key."""
        return hashlib.sha256(f"{self.base} {self._keys.recognition}".encode()).hexdigest()[:16]

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, the repeated ones included."""
        return self._transport.requests_sent

    def close(self) -> None:
        self._transport.close()

    # pictures -----------------------------------------------------------------------------------------------------

    def look(self, jpeg: bytes, plugins: Sequence[str], least_probability: float | None = None) -> answers.Seen:
        """Every face of a picture with the answers of `plugins`; a slug the server lacks is passed over by it.

        By the detection service when there is a key for it (its answer needs no search in the collection), else by
        the recognition service.
        """
        params: dict[str, str | int] = {"limit": 0, "status": "true", "face_plugins": ",".join(plugins)}
        if least_probability is not None:
            params["det_prob_threshold"] = f"{max(LEAST_PROBABILITY, least_probability):g}"
        if self._keys.detection:
            reply = self._warmly(lambda: self._picture("detection", "/detect", params, _picture(jpeg)))
        else:
            params["prediction_count"] = 1
            reply = self._warmly(lambda: self._picture("recognition", "/recognize", params, _picture(jpeg)))
        return answers.NOBODY if reply.code == trouble.NO_FACE else answers.seen(reply.data)

    def recognise(self, jpeg: bytes, prediction_count: int = 5) -> answers.Seen:
        """Every face with the subjects of its nearest examples; a subject with several near examples repeats."""
        params: dict[str, str | int] = {"limit": 0, "prediction_count": max(1, prediction_count), "status": "true"}
        reply = self._warmly(lambda: self._picture("recognition", "/recognize", params, _picture(jpeg)))
        return answers.NOBODY if reply.code == trouble.NO_FACE else answers.seen(reply.data)

    def verify(self, source: bytes, target: bytes) -> list[float]:
        """Similarities of the one face of `source` with every face of `target`, largest face first; none: empty.

        Raises NotAuthorised without a verification key, PictureFailed when `source` holds several faces.
        """
        if not self._keys.verification:
            raise NotAuthorised("CompreFace's verification service needs the setting verificationApiKey.")
        files = {
            "source_image": ("source.jpg", source, "image/jpeg"),
            "target_image": ("target.jpg", target, "image/jpeg"),
        }
        reply = self._picture("verification", "/verify", {"limit": 0}, files)
        if reply.code == trouble.NO_FACE:
            return []
        with answers.understood("to a verification"):
            return [float(one["similarity"]) for one in reply.data["result"][0]["face_matches"]]

    def _warmly(self, ask: Callable[[], Reply]) -> Reply:
        """The first picture alone: parallel first calls would each load the whole collection and the models."""
        if self._warm:
            return ask()
        with self._warming:
            reply = ask()
            self._warm = True
        return reply

    def _picture(self, kind: str, path: str, params: Mapping[str, str | int], files: Files) -> Reply:
        reply = self.ask(
            "POST",
            f"/{kind}{path}",
            "to look at a picture",
            key=self._keys.of(kind),
            params=params,
            files=files,
            gave_up=self.picture_failed,
        )
        if not 200 <= reply.status < 300 and reply.code not in (trouble.NO_FACE, trouble.SEVERAL_FACES):
            raise self._refusal("to look at a picture", reply, kind)
        if reply.code == trouble.SEVERAL_FACES:
            raise trouble.PictureFailed("the picture shows several faces where one was expected")
        with self._lock:
            self._failed = 0
        return reply

    def picture_failed(self, problem: str, tries: int) -> PluginError:
        """The error when one picture fails again and again: that picture's, or the server's when all fail."""
        with self._lock:
            self._failed += 1
            failed = self._failed
        core = alive.core_trouble(self._transport)
        if core:
            return trouble.silent(self.base, core, tries, core=True)
        if failed < FAILED_IN_A_ROW:
            return trouble.PictureFailed(f"CompreFace fails on this picture ({problem}; {tries} tries)")
        if trouble.BROKE in problem and alive.holds_foreign_examples(self._transport):
            return trouble.foreign_examples(self.base, problem)
        return trouble.silent(self.base, f"it fails on every picture, {problem}", tries)

    # what the server is -------------------------------------------------------------------------------------------

    def limits(self) -> Limits:
        """Asked once; CompreFace's defaults where it does not tell."""
        if self._limits is None:
            reply = self.ask("GET", "/config", "for its limits", key=None)
            told = reply.data if isinstance(reply.data, dict) else {}
            self._limits = Limits(
                _bytes(told.get("clientMaxFileSize"), DEFAULT_FILE_BYTES),
                _bytes(told.get("clientMaxBodySize"), DEFAULT_BODY_BYTES),
            )
        return self._limits

    def model(self) -> ServerModel | None:
        """What the server says it runs; None when its gateway keeps that closed (or it is older than 1.1)."""
        reply = self.ask("GET", "/core/status", "for its models", key=None, api="")
        if not isinstance(reply.data, dict) or "similarity_coefficients" not in reply.data:
            return None
        with answers.understood("about its models"):
            plugins = {str(slug): str(name) for slug, name in (reply.data.get("available_plugins") or {}).items()}
            name = plugins.get("calculator") or str(reply.data["calculator_version"])
            c0, c1 = (float(value) for value in reply.data["similarity_coefficients"])
        known = known_calculator(name)
        return ServerModel(
            name, plugins.get("detector", ""), known.dimensions if known else 0, c0, c1, frozenset(plugins)
        )

    # one request --------------------------------------------------------------------------------------------------

    def collection(
        self,
        method: str,
        path: str,
        asked: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
        files: Files | None = None,
        repeatable: bool = True,
        expected: Sequence[int] = (),
        gave_up: Callable[[str, int], PluginError] | None = None,
    ) -> Reply:
        """One request about subjects or examples: a 2xx, or a refusal with one of the `expected` codes.

        Raises AnswerLost when `repeatable` is False and nobody knows whether it worked.
        """
        key = self._keys.recognition
        reply = self.ask(
            method, path, asked, key=key, params=params, body=body, files=files, repeatable=repeatable, gave_up=gave_up
        )
        if 200 <= reply.status < 300 or (reply.code is not None and reply.code in expected):
            return reply
        raise self._refusal(asked, reply, "recognition")

    def ask(
        self,
        method: str,
        path: str,
        asked: str,
        *,
        key: str | None,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
        files: Files | None = None,
        repeatable: bool = True,
        gave_up: Callable[[str, int], PluginError] | None = None,
        api: str = API,
    ) -> Reply:
        """A final reply, good or bad. `gave_up(problem, tries)` makes the error when this very request seems to fail.

        Raises ServiceUnavailable when patience is at its end, AnswerLost (see `collection`).
        """
        tries = doubtful = 0
        latest = time.monotonic() + max(LONGEST_TROUBLE_S, 2 * sum(self.patience.pauses_s))
        while True:
            tries += 1
            try:
                reply = self._transport.send(method, api + path, key=key, params=params, body=body, files=files)
            except trouble.CONNECTION_ERRORS as error:
                problem, kind = http_trouble.describe(error), trouble.meaning_of_error(error)
                if kind is Meaning.FINAL:
                    raise trouble.silent(self.base, problem, tries) from error
                if not repeatable and not http_trouble.never_sent(error):
                    raise AnswerLost(self.base, asked, problem) from error
            else:
                kind = trouble.meaning(reply)
                if kind in (Meaning.DONE, Meaning.FINAL):
                    self._troubled = self._given_up = False
                    return reply
                problem = self._keys.hide(trouble.words(reply))
                if not repeatable:
                    raise AnswerLost(self.base, asked, problem)
            doubtful += kind is Meaning.DOUBTFUL
            if doubtful >= DOUBTFUL_TRIES and gave_up is not None:
                raise gave_up(problem, tries)
            if self._given_up or tries > len(self.patience.pauses_s) or time.monotonic() > latest:
                self._given_up = True
                core = trouble.core_is_away(problem) or (not api and self._api_answers())
                raise trouble.silent(self.base, problem, tries, core=core)
            self._tell_once(problem, tries)
            self.patience.wait(self.patience.pauses_s[tries - 1])

    def _api_answers(self) -> bool:
        """Whether the API is there, when what lies behind it is not: else nothing is, and a gateway says so."""
        try:
            return self._transport.send("GET", API + "/config").status < 500
        except trouble.CONNECTION_ERRORS:
            return False

    def _tell_once(self, problem: str, tries: int) -> None:
        """One line per trouble, however many requests it meets; a single hiccup is not worth one."""
        with self._lock:
            told, self._troubled = self._troubled, self._troubled or tries > 1
        if tries > 1 and not told and self._log is not None:
            patience = sum(self.patience.pauses_s)
            self._log.warning(f"CompreFace at {self.base} is in trouble ({problem}); trying on for {patience:.0f} s.")

    def _refusal(self, asked: str, reply: Reply, kind: str) -> PluginError:
        """The error for a final reply that is no success; a key of the wrong kind is found out and told."""
        if reply.code == trouble.UNKNOWN_KEY:
            return NotAuthorised(self._about_key(kind))
        if trouble.refuses_key(reply):
            answer = self._keys.hide(trouble.words(reply))
            return NotAuthorised(sentence("key.refused", address=self.base, wanted=kind, answer=answer))
        error = trouble.refusal(self.base, asked, reply)
        return type(error)(self._keys.hide(str(error)))

    def key_trouble(self, kind: str) -> str:
        """"" when the key of a kind of service opens it, else what is wrong and what to do. Sends no picture.

        Raises ServiceUnavailable.
        """
        method, path = DOORS[kind]
        asked = f"whether the {kind} key is right"
        reply = self.ask(method, path, asked, key=self._keys.of(kind))
        return "" if _opened(reply) else self._refusal(asked, reply, kind).sentence

    def _about_key(self, wanted: str) -> str:
        """The same answer stands for an unknown key and for one of another service, so the other doors are tried."""
        for kind, (method, path) in DOORS.items():
            if kind == wanted:
                continue
            try:
                reply = self._transport.send(method, API + path, key=self._keys.of(wanted))
            except trouble.CONNECTION_ERRORS:
                break
            if _opened(reply):
                return sentence("key.other", wanted=wanted, found=kind)
        return sentence("key.unknown", address=self.base, wanted=wanted)


def _opened(reply: Reply) -> bool:
    """Whether the key was taken: without a picture the room behind the door complains about the picture."""
    if trouble.refuses_key(reply):
        return False
    return reply.status in (200, 415) or reply.code is not None


def _picture(jpeg: bytes) -> Files:
    return {"file": ("picture.jpg", jpeg, "image/jpeg")}


def _bytes(value: Any, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 16384 else default


__all__ = ["AnswerLost", "CompreFaceClient", "Keys", "Limits", "ServiceRefused"]
