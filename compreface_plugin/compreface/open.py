"""The one door: from the settings to a server that was found, its client, its subjects and its engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.compreface.address import find
from compreface_plugin.compreface.alive import answers_at
from compreface_plugin.compreface.client import CompreFaceClient, Keys
from compreface_plugin.compreface.subjects import SubjectBook
from compreface_plugin.compreface.transport import Transport
from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.sentences import sentence
from compreface_plugin.stopwatch import Stopwatch

if TYPE_CHECKING:
    from compreface_plugin.compreface.engine import CompreFaceEngine
    from compreface_plugin.compreface.faces import Measure
    from compreface_plugin.compreface.patience import Patience
    from compreface_plugin.ports import Progress

ASK_SET_S = 10.0
ASK_GUESSED_S = 3.0  # a guess that hangs must not hold up the next one


@dataclass(frozen=True, slots=True)
class CompreFace:
    """A server that answers. Close it when done."""

    client: CompreFaceClient
    subjects: SubjectBook
    found: str  # how it was found, one sentence for the log
    steps: Stopwatch

    def engine(self, measure: Measure, *, dimensions: int = 0) -> CompreFaceEngine:
        """A FaceEngine on it; NumPy and Pillow are loaded now.

        `measure` says how good a face is (the same for every engine), `dimensions` are those of the pinned model.
        """
        from compreface_plugin.compreface.engine import CompreFaceEngine

        return CompreFaceEngine(
            self.client, measure, probe=self.subjects.any_picture, dimensions=dimensions, steps=self.steps
        )

    def close(self) -> None:
        self.client.close()


def open_compreface(
    url: str | None,
    recognition_key: str | None,
    *,
    detection_key: str | None = None,
    verification_key: str | None = None,
    log: Progress | None = None,
    patience: Patience | None = None,
    steps: Stopwatch | None = None,
) -> CompreFace:
    """`url`: the setting comprefaceUrl, None to look in the usual places. `steps` is told what takes how long.

    Raises SettingsError (no key, or no address), ServiceUnavailable telling what was tried.
    """
    if not recognition_key:
        raise SettingsError(sentence("server.keyless"))
    connect_s = ASK_SET_S if url else ASK_GUESSED_S
    watch = steps or Stopwatch()
    place = find(url, lambda base: answers_at(base, connect_s))
    if log is not None:
        log.info(place.told)
    keys = Keys(recognition_key, detection_key, verification_key)
    client = CompreFaceClient(Transport(place.base, steps=watch), keys, log, patience)
    return CompreFace(client, SubjectBook(client), place.told, watch)


def server_answers(url: str | None) -> bool:
    """For engine `auto`: whether a server is there at all. Raises SettingsError for an address that is none."""
    from compreface_plugin.domain.errors import ServiceUnavailable

    connect_s = ASK_SET_S if url else ASK_GUESSED_S
    try:
        find(url, lambda base: answers_at(base, connect_s))
    except ServiceUnavailable:
        return False
    return True
