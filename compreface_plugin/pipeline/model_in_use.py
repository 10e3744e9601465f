"""The model whose faces the store holds, without opening it: for operations that must answer at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.operating_points import OperatingPoint, operating_point
from compreface_plugin.pipeline.pinning import read_pin

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context


@dataclass(frozen=True, slots=True)
class ModelInUse:
    engine: str
    model_id: str
    point: OperatingPoint


def model_in_use(context: Context) -> ModelInUse:
    """Raises SettingsError before the first task chose an engine."""
    pin = read_pin(context)
    if pin is None:
        raise SettingsError("no face is known yet: run the task Synchronize Performers, then Identify Unscanned Images")
    return ModelInUse(pin.engine, pin.model_id, operating_point(pin.model_id, pin.pack))
