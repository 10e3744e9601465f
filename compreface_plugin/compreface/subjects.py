"""The server's face collection: subjects by name, their examples and pictures. For synchronise, import, export, undo.

A name can be a weapon here: an empty one, "." or slashes turn "delete this subject" into "delete everything", because
gateways resolve them before the server sees the path. Such names are refused, and names that a path might change are
only ever sent in a query. Examples are deleted by id before their subject: otherwise the server keeps their pictures
for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from compreface_plugin.compreface import answers, trouble
from compreface_plugin.compreface.answers import Example
from compreface_plugin.compreface.client import AnswerLost
from compreface_plugin.domain.errors import MediaUnavailable, ServiceRefused

if TYPE_CHECKING:
    from compreface_plugin.compreface.client import CompreFaceClient
    from compreface_plugin.compreface.transport import Reply

PAGE = 500
PASSES = 3
"""Pages have no order of their own and may overlap: a list that comes out short is read again at most so often."""
BULK = 200
LOST_PAUSES_S = (1.0, 4.0, 15.0)
"""After an answer was lost, before looking whether its work was done after all: the server gives up after 60 s."""
LONGEST_NAME = 50
_WEAPONS = re.compile(r"^[\s./\\;]*$")
_CHANGED_IN_PATHS = re.compile(r"[;/\\%?#\[\]\x00-\x1f\x7f]|^\.{1,2}$|^\s|\s$")
_NOT_FOR_NEW = re.compile(r"[;/\\\x00-\x1f\x7f]")


class SubjectBook:
    """Typed calls on one collection. Raises as the client; SubjectRefused and ExampleRefused concern one of many."""

    def __init__(self, client: CompreFaceClient) -> None:
        self._client = client
        self._stored: dict[str, str] = {}  # lower case -> stored spelling, as far as it was asked for

    # subjects -----------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Every subject, in the stored spelling, sorted; subjects without examples too."""
        reply = self._client.collection("GET", "/recognition/subjects", "to list the subjects")
        with answers.understood("to the list of subjects"):
            found = sorted(str(name) for name in reply.data["subjects"])
        self._stored = {each.lower(): each for each in found}
        return found

    def create(self, name: str) -> bool:
        """False when there was one of that name (upper or lower case). Raises SubjectRefused."""
        _refuse_new(name)
        asked = f"to create the subject {name!r}"
        reply = self._client.collection(
            "POST", "/recognition/subjects", asked, body={"subject": name}, expected=(trouble.SUBJECT_EXISTS,)
        )
        self._stored.setdefault(name.lower(), name)
        return reply.code != trouble.SUBJECT_EXISTS

    def rename(self, old: str, new: str) -> bool:
        """Renames; merges when `new` exists (its examples and those of `old` together). False: there is no `old`.

        `old` in the stored spelling: with another the server goes on recognising the old name.
        """
        _refuse_new(new)
        if old == new:
            return old in self.names()
        if not _fits_path(old):
            raise trouble.SubjectRefused(
                f"The subject {old!r} cannot be renamed from here: CompreFace cannot be asked for it by that name."
            )
        reply = self._client.collection(
            "PUT",
            f"/recognition/subjects/{quote(old, safe='')}",
            f"to rename the subject {old!r}",
            body={"subject": new},
            expected=(trouble.NO_SUCH_SUBJECT,),
        )
        self._stored.clear()
        # A first try whose answer was lost leaves no old name behind; the new one then stands there.
        return reply.code != trouble.NO_SUCH_SUBJECT or new in self.names()

    def delete_subject(self, name: str) -> int:
        """The subject and its examples, pictures included. Returns how many examples went; 0 when there was none.

        Raises SubjectRefused for a name that could reach more than this subject.
        """
        _refuse_weapon(name)
        name = self._spelling_or(name)
        gone = self.delete_examples([each.image_id for each in self.examples(name)])
        self._stored.pop(name.lower(), None)
        if _fits_path(name):
            self._client.collection(
                "DELETE",
                f"/recognition/subjects/{quote(name, safe='')}",
                f"to delete the subject {name!r}",
                expected=(trouble.NO_SUCH_SUBJECT,),
            )
        else:
            self._client.collection(
                "DELETE", "/recognition/faces", f"to delete the subject {name!r}", params={"subject": name}
            )
        return gone

    # examples -----------------------------------------------------------------------------------------------------

    def examples(self, subject: str | None = None) -> Iterator[Example]:
        """Every example (of one subject, by its stored spelling), each once, in order of id where the server keeps it.

        Pages are read while they are asked for. What one pass misses is looked for in a second and a third.
        """
        seen: set[str] = set()
        for _ in range(PASSES):
            total = 0
            for page in self._pages(subject):
                total = page.total
                for one in page.examples:
                    if one.image_id not in seen:
                        seen.add(one.image_id)
                        yield one
            if len(seen) >= total:
                return

    def _pages(self, subject: str | None) -> Iterator[answers.Page]:
        number, last = 0, 1
        while number < last:
            params: dict[str, str | int] = {"page": number, "size": PAGE, "sort": "id"}
            if subject is not None:
                params["subject"] = subject
            reply = self._client.collection("GET", "/recognition/faces", "to list the examples", params=params)
            page = answers.page(reply.data)
            yield page
            number, last = number + 1, page.pages

    def picture(self, image_id: str) -> bytes | None:
        """The picture an example was made from, as it was uploaded; None when the server keeps none."""
        path = f"/recognition/faces/{quote(image_id, safe='')}/img"
        reply = self._client.collection("GET", path, f"for the picture of example {image_id}")
        if reply.is_page or reply.data is not None:
            raise MediaUnavailable(f"CompreFace gave no picture for the example {image_id} ({trouble.words(reply)}).")
        return reply.body or None

    def any_picture(self) -> bytes | None:
        """A picture with a face that the server knows; None when it has no example, or keeps no pictures."""
        first = next(self.examples(), None)
        return self.picture(first.image_id) if first is not None else None

    def add(self, subject: str, picture: bytes) -> Example:
        """Enrols a JPEG that shows exactly one face, with margin. The subject is made on demand.

        Never twice: when an answer is lost, the examples from before and after are compared. Raises ExampleRefused for
        no face or several, SubjectRefused, PictureFailed.
        """
        subject = self._spelling(subject)
        before = {each.image_id for each in self.examples(subject)}
        for pause in LOST_PAUSES_S:
            try:
                return self._add(subject, picture)
            except AnswerLost as lost:
                problem = lost.problem
            self._client.patience.wait(min(pause, self._client.patience.longest_s))
            arrived = [each.image_id for each in self.examples(subject) if each.image_id not in before]
            if arrived:
                self.delete_examples(arrived[1:])
                return Example(arrived[0], subject)
        raise self._client.picture_failed(problem, len(LOST_PAUSES_S))

    def _add(self, subject: str, picture: bytes) -> Example:
        reply = self._client.collection(
            "POST",
            "/recognition/faces",
            f"to add an example of {subject!r}",
            params={"subject": subject},
            files={"file": ("example.jpg", picture, "image/jpeg")},
            repeatable=False,
            expected=(trouble.NO_FACE, trouble.SEVERAL_FACES),
        )
        if reply.code in (trouble.NO_FACE, trouble.SEVERAL_FACES):
            what = "no face" if reply.code == trouble.NO_FACE else "several faces"
            raise trouble.ExampleRefused(f"CompreFace found {what} in the example of {subject!r}.")
        self._stored[subject.lower()] = subject
        return answers.example(reply.data)

    def delete_example(self, image_id: str) -> bool:
        """By id, which frees the picture too. False when there was none. The subject stays."""
        reply = self._client.collection(
            "DELETE",
            f"/recognition/faces/{quote(image_id, safe='')}",
            f"to delete the example {image_id}",
            expected=(trouble.NO_SUCH_IMAGE,),
        )
        return reply.code != trouble.NO_SUCH_IMAGE

    def delete_examples(self, image_ids: Sequence[str]) -> int:
        """Many by id; unknown ones are passed over. Returns how many were there."""
        gone = 0
        for start in range(0, len(image_ids), BULK):
            part = list(image_ids[start : start + BULK])
            reply = self._client.collection("POST", "/recognition/faces/delete", "to delete examples", body=part)
            gone += len(_deleted(reply))
        return gone

    def _spelling(self, name: str) -> str:
        """The stored spelling of a name (upper and lower case are one), or the name itself. Raises SubjectRefused."""
        stored = self._spelling_or(name)
        if name.lower() not in self._stored:
            _refuse_new(name)
        return stored

    def _spelling_or(self, name: str) -> str:
        if not self._stored:
            self.names()
        return self._stored.get(name.lower(), name)


def _deleted(reply: Reply) -> Sequence[Any]:
    """An array; the documentation shows an object around it."""
    data = reply.data
    if isinstance(data, dict):
        data = next((value for value in data.values() if isinstance(value, list)), None)
    if not isinstance(data, list):
        raise ServiceRefused("CompreFace's answer to a deletion cannot be understood; is it version 1.0 to 1.2?")
    return data


def _refuse_weapon(name: str) -> None:
    if _WEAPONS.match(name):
        raise trouble.SubjectRefused(
            f"The subject name {name!r} is refused: CompreFace would take it for the whole collection."
        )


def _refuse_new(name: str) -> None:
    """Rules of the server for names in a JSON body, applied to every name we make."""
    _refuse_weapon(name)
    if not name.strip() or len(name) > LONGEST_NAME or _NOT_FOR_NEW.search(name):
        raise trouble.SubjectRefused(
            f"The subject name {name[:60]!r} is refused: allowed are 1 to {LONGEST_NAME} characters without ; / and \\."
        )


def _fits_path(name: str) -> bool:
    """Whether a name arrives unchanged as part of a path, through every gateway."""
    return not _CHANGED_IN_PATHS.search(name) and not _WEAPONS.match(name)
