"""A look at CompreFace for a person who sets it up: every address tried, what answers there, and each key by itself.

Sends no picture and changes nothing. Waits for nobody: what is down is told, not tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.compreface.address import candidates
from compreface_plugin.compreface.alive import answers_at, core_trouble
from compreface_plugin.compreface.client import CompreFaceClient, Keys
from compreface_plugin.compreface.patience import Patience
from compreface_plugin.compreface.transport import Transport
from compreface_plugin.domain.errors import PluginError
from compreface_plugin.domain.sentences import sentence

if TYPE_CHECKING:
    from compreface_plugin.compreface.models import ServerModel

ASK_S = 3.0  # to connect; a person waits
ANSWER_S = 15.0
KINDS = ("recognition", "detection", "verification")


@dataclass(frozen=True, slots=True)
class Tried:
    """One address. `trouble` "": CompreFace answers there."""

    base: str
    trouble: str


@dataclass(frozen=True, slots=True)
class Probe:
    """`model` is "" where the server does not tell. `keys`: kind -> "" when it opens its service, else what is wrong;
    kinds without a key are absent. `core`: what is wrong with the inference service, "" nothing."""

    tried: tuple[Tried, ...]
    model: str = ""
    keys: Mapping[str, str] | None = None  # None: no server to try them on
    core: str = ""

    @property
    def base(self) -> str:
        """Where CompreFace answers, "" nowhere."""
        return next((each.base for each in self.tried if not each.trouble), "")


def probe(url: str | None, keys: Mapping[str, str | None]) -> Probe:
    """`url`: the setting comprefaceUrl; `keys`: kind of service -> key. Raises SettingsError for an address that is
    none."""
    tried: list[Tried] = []
    for base in candidates(url):
        tried.append(Tried(base, answers_at(base, ASK_S, ANSWER_S)))
        if not tried[-1].trouble:
            break
    found = Probe(tuple(tried))
    if not found.base:
        return found
    held = Keys(*(keys.get(kind) or "" for kind in KINDS))
    transport = Transport(found.base, connect_s=ASK_S, read_s=ANSWER_S)
    client = CompreFaceClient(transport, held, None, Patience(()))
    try:
        told = {kind: client.key_trouble(kind) for kind in KINDS if keys.get(kind)}
        core = core_trouble(transport)
        model = None if core else client.model()
        return Probe(found.tried, _named(model) if model else "", told, core)
    except PluginError as error:
        return Probe((*found.tried[:-1], Tried(found.base, error.sentence)))
    finally:
        client.close()


def _named(model: ServerModel) -> str:
    if not model.detector:
        return model.calculator
    return sentence("compreface.model", model=model.calculator, detector=model.detector)
