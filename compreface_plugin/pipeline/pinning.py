"""Which engine: chosen at first use, then pinned. An outage or a new pack never means another, empty gallery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ModelUnavailable, SettingsError

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import EngineInfo
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.ports import FaceEngine

KEY = "engine"


@dataclass(frozen=True, slots=True)
class Pin:
    engine: str
    pack: str
    model_id: str


def read_pin(context: Context) -> Pin | None:
    kept = context.store.meta.get(KEY)
    return Pin(kept["engine"], kept["pack"], kept["modelId"]) if kept else None


def write_pin(context: Context, info: EngineInfo) -> None:
    """Inside a transaction."""
    context.store.meta.set(KEY, {"engine": info.engine, "pack": info.pack, "modelId": info.model_id})


def wanted_pack(context: Context) -> str:
    """The pack the settings ask for: the named one, else the best installed. Raises SettingsError, ModelUnavailable."""
    if context.settings.engine == "compreface":
        raise SettingsError(
            "the setting engine is 'compreface'; allowed in this version is auto or local. Correct it and start again."
        )
    packs = context.installed_packs()
    named = context.settings.model_pack
    if named is not None and named not in packs:
        raise ModelUnavailable(
            f"the setting modelPack is {named!r} and that pack is not installed "
            f"(installed: {', '.join(packs) or 'none'}); run install.sh --models {named}, or clear the setting"
        )
    if not packs:
        raise ModelUnavailable("no model pack is installed: run install.sh in the plugin's folder")
    return named or packs[0]


def open_pinned(context: Context) -> FaceEngine:
    """The pinned engine; pins the one the settings ask for when there is none yet.

    Raises ModelUnavailable when the pinned model is gone or has other weights, SettingsError when the settings ask for
    another one than is pinned: only the task Switch Engine changes it.
    """
    pin = read_pin(context)
    if pin is None:
        engine = context.open_pack(wanted_pack(context))
        with context.store.transaction():
            write_pin(context, engine.info)
        context.log.info(f"engine chosen and kept from now on: {engine.info.pack} ({engine.info.model_id})")
        return engine
    named = context.settings.model_pack
    if context.settings.engine == "compreface" or (named is not None and named != pin.pack):
        raise SettingsError(
            f"the faces in the store were made with the pack {pin.pack} and the settings ask for "
            f"{named or context.settings.engine}: run the task Switch Engine to move, or clear the setting"
        )
    engine = context.open_pack(pin.pack)
    if engine.info.model_id != pin.model_id:
        engine.close()
        raise ModelUnavailable(
            f"the weights of the pack {pin.pack} have changed (they were {pin.model_id}, now {engine.info.model_id}): "
            "run the task Switch Engine to move to them, or install the earlier files again"
        )
    return engine
