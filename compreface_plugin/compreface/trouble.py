"""What an answer of CompreFace means: done, final, worth another try; and the one sentence a person is told.

The status alone says little: 400 stands for "no face" (28), for a wrong key's shape (26) and for a server out of
memory (0). The table is compared with the server's own codes; gateways before it answer in HTML or not at all.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

import requests

from compreface_plugin.domain.errors import (
    ItemError,
    PluginError,
    ServiceRefused,
    ServiceUnavailable,
)
from compreface_plugin.domain.sentences import sentence

if TYPE_CHECKING:
    from compreface_plugin.compreface.transport import Reply

CONNECTION_ERRORS = (requests.RequestException,)
NO_FACE = 28
SEVERAL_FACES = 31
CORE_FAILED = 41
UNKNOWN_KEY = 10
NO_SUCH_SUBJECT = 42
SUBJECT_EXISTS = 43
NO_SUCH_IMAGE = 44
MIGRATING = 32
CATCH_ALL = 0
KEY_CODES = (UNKNOWN_KEY, 20)
_BAD_PICTURE = (21,)
BROKE = "HTTP 400, code 0"
"""How `words` begins for the server's catch-all error."""
_CORE_AWAY = re.compile(r"(refused|connect timed out|not known|resolution|no route|unreachable)\b.* executing", re.I)
_CORE_SAID = re.compile(r'\{"message": ?"(.+?)"[\\n ]*\}')
"""What the inference service said, in the middle of the request, method and addresses that the API puts around it."""


class Meaning(Enum):
    """What to do with an answer."""

    DONE = "done"
    FINAL = "final"  # asking again changes nothing
    AWAY = "away"  # the server, or a part of it, is not there: wait and ask again
    DOUBTFUL = "doubtful"  # perhaps this very picture breaks it: a few tries, then the picture is given up


class PictureFailed(ItemError):
    """The server is alive and fails on this one picture."""

    code = "service"


class SubjectRefused(ItemError):
    """A subject's name cannot be sent, or would reach more than that subject."""

    code = "subject"


class ExampleRefused(ItemError):
    """A picture is no example: no face in it, or several."""

    code = "example"


def meaning(reply: Reply) -> Meaning:
    """How to take a reply. A 2xx is DONE; whether its body makes sense is the caller's question.

    An object with nothing in it is no answer: the API gives that when the inference service died while it answered.
    """
    if 200 <= reply.status < 300:
        return Meaning.DOUBTFUL if reply.data == {} else Meaning.DONE
    if reply.code == CORE_FAILED and core_is_away(reply.message):
        return Meaning.AWAY
    if reply.code == CORE_FAILED or (reply.status == 400 and reply.code == CATCH_ALL):
        return Meaning.DOUBTFUL
    if reply.status == 504:
        return Meaning.DOUBTFUL
    if reply.status >= 500 or reply.status in (408, 429) or reply.code == MIGRATING:
        return Meaning.AWAY
    return Meaning.FINAL


def meaning_of_error(error: Exception) -> Meaning:
    """The same for a request without an answer."""
    if isinstance(error, (requests.exceptions.SSLError, requests.exceptions.InvalidURL)):
        return Meaning.FINAL
    return Meaning.DOUBTFUL if isinstance(error, requests.ReadTimeout) else Meaning.AWAY


def words(reply: Reply) -> str:
    """A reply in a few words: "HTTP 500, code 41: Error during synchronization between servers"."""
    head = f"HTTP {reply.status}" + (f", code {reply.code}" if reply.code is not None else "")
    told = reply.message
    if reply.code == CORE_FAILED and (inner := _CORE_SAID.search(told)):
        told = f"{told.partition(':')[0]}: {inner[1]}"
    return f"{head}: {told}" if told else f"{head}, empty"


def core_is_away(message: str) -> bool:
    """Whether error 41 says that nobody reached the inference service: no picture can have broken it."""
    return _CORE_AWAY.search(message) is not None


def silent(base: str, problem: str, tries: int, *, core: bool = False) -> ServiceUnavailable:
    """The error when patience is at its end. `core`: it is the inference service behind the API that is away."""
    told = sentence("server.core" if core else "server.silent", address=base, problem=problem, tries=tries)
    return ServiceUnavailable(told)


def foreign_examples(base: str, problem: str) -> ServiceRefused:
    """The error when no picture can be compared with what the server holds."""
    return ServiceRefused(
        f"CompreFace at {base} fails on every picture ({problem}), and some of its examples were made by another model "
        "than it runs now: delete them or have it migrate them, or set detectionApiKey, whose service compares with "
        "nothing."
    )


def refuses_key(reply: Reply) -> bool:
    """Whether it is the key that a FINAL reply does not like: unknown, missing, of the wrong shape."""
    return reply.code in KEY_CODES or reply.status in (401, 403) or "uuid" in reply.message.lower()


def refusal(base: str, asked: str, reply: Reply) -> PluginError:
    """The error for a FINAL reply that is not about the key. `asked`: what was asked for, "to list the subjects"."""
    where = f"CompreFace at {base}"
    if reply.code in _BAD_PICTURE:
        return PictureFailed(f"{where} refused the picture ({words(reply)}).")
    if reply.status == 413:
        return PictureFailed(f"{where} takes no request of that size (HTTP 413).")
    if 300 <= reply.status < 400:
        return ServiceRefused(
            f"{where} sends us to {reply.location.split('?')[0] or 'another address'}: set comprefaceUrl to that one."
        )
    if reply.is_page or (reply.status == 404 and reply.code is None):
        return ServiceRefused(
            f"At {base} something else answers than CompreFace's API ({words(reply)} when asked {asked}): "
            "check the setting comprefaceUrl."
        )
    return ServiceRefused(f"{where} refused {asked} ({words(reply)}).")
