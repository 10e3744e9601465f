"""The model whose faces the store holds, without opening it: for operations that must answer at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.operating_points import OperatingPoint, operating_point
from compreface_plugin.pipeline.pinning import read_pin

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import EngineInfo
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.pinning import Pin


@dataclass(frozen=True, slots=True)
class ModelInUse:
    engine: str
    model_id: str
    point: OperatingPoint


def model_in_use(context: Context) -> ModelInUse:
    """Raises SettingsError before the first task chose an engine."""
    pin = _pin(context)
    return ModelInUse(pin.engine, pin.model_id, operating_point(pin.model_id, pin.pack))


def pinned_info(context: Context) -> EngineInfo:
    """The same as an engine would tell it; detector, dimensions and device stay unknown. Raises SettingsError."""
    from compreface_plugin.domain.faces import EngineInfo

    pin = _pin(context)
    return EngineInfo(pin.engine, pin.pack, pin.model_id, detector_id="", dimensions=0, device="")


def _pin(context: Context) -> Pin:
    pin = read_pin(context)
    if pin is None:
        raise SettingsError("no face is known yet: run the task Synchronize Performers, then Identify Unscanned Images")
    return pin
