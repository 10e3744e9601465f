"""Which engine: chosen at first use, then pinned. An outage or a new pack never means another, empty gallery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ModelUnavailable, SettingsError
from compreface_plugin.domain.sentences import sentence

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import EngineInfo
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.ports import FaceEngine

KEY = "engine"
COMPREFACE = "compreface"


@dataclass(frozen=True, slots=True)
class Pin:
    engine: str  # "local" or COMPREFACE
    pack: str
    model_id: str


def read_pin(context: Context) -> Pin | None:
    kept = context.store.meta.get(KEY)
    return Pin(kept["engine"], kept["pack"], kept["modelId"]) if kept else None


def write_pin(context: Context, info: EngineInfo) -> None:
    """Inside a transaction."""
    context.store.meta.set(KEY, {"engine": info.engine, "pack": info.pack, "modelId": info.model_id})


def wanted(context: Context) -> str:
    """What the settings ask for: COMPREFACE, or the name of a local pack (the named one, else the best installed).

    `auto` means CompreFace when its key is set and it answers. Raises SettingsError, ModelUnavailable.
    """
    settings = context.settings
    if settings.engine == COMPREFACE:
        return COMPREFACE
    if settings.engine == "auto" and settings.recognition_api_key and context.compreface_answers():
        return COMPREFACE
    packs, named = context.installed_packs(), settings.model_pack
    if named is not None and named not in packs:
        raise ModelUnavailable(sentence("model.named", pack=named, installed=", ".join(packs) or "-"))
    if not packs:
        raise ModelUnavailable(sentence("model.none"))
    return named or packs[0]


def open_named(context: Context, name: str) -> FaceEngine:
    """COMPREFACE or a local pack. Raises ModelUnavailable, ServiceUnavailable, NotAuthorised, SettingsError."""
    return context.compreface_engine() if name == COMPREFACE else context.open_pack(name)


def open_pinned(context: Context) -> FaceEngine:
    """The pinned engine; pins the one the settings ask for when there is none yet.

    Raises ModelUnavailable when the pinned model is gone or another one stands there now, ServiceUnavailable when the
    pinned server does not answer, SettingsError when the settings ask for another engine than is pinned: only the task
    Switch Engine changes it.
    """
    pin = read_pin(context)
    if pin is None:
        engine = open_named(context, wanted(context))
        info = engine.info
        with context.store.transaction():
            write_pin(context, info)
        context.log.info(f"engine chosen and kept from now on: {info.engine}, {info.model_id}")
        return engine
    _refuse_another(context, pin)
    engine = open_named(context, COMPREFACE if pin.engine == COMPREFACE else pin.pack)
    if engine.info.model_id != pin.model_id:
        now = engine.info.model_id
        engine.close()
        raise ModelUnavailable(sentence("model.changed", pack=pin.pack, before=pin.model_id, now=now))
    return engine


def _refuse_another(context: Context, pin: Pin) -> None:
    settings = context.settings
    asked = {"auto": pin.engine}.get(settings.engine, settings.engine)
    named = settings.model_pack if asked == "local" else None
    if asked == pin.engine and named in (None, pin.pack):
        return
    raise SettingsError(sentence("model.another", pack=pin.pack, asked=named or asked))
