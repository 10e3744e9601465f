"""Which local engine: packs found on this machine, best first, and the one door that opens them.

Importing this loads no heavy library; opening an engine loads none either, the first look does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ModelUnavailable
from compreface_plugin.domain.sentences import sentence
from compreface_plugin.engine.places import InstalledPack, find_pack, find_packs

if TYPE_CHECKING:
    from compreface_plugin.engine.base import LocalEngine, Models
    from compreface_plugin.stopwatch import Stopwatch


def installed_packs(data_dir: Path | None, models_dir: Path | None = None) -> list[str]:
    """Names of the packs that are there and have their runtime, best first. Never empty where dlib is
    installed."""
    return [pack.name for pack in find_packs(data_dir, models_dir) if pack.runnable]


def open_engine(
    pack: str,
    *,
    data_dir: Path | None,
    models_dir: Path | None = None,
    device: str = "",
    inference_batch: int = 0,
    workers: int = 0,
    steps: Stopwatch | None = None,
) -> LocalEngine:
    """The engine of `pack` from `data_dir`/models, the user's own models folder or InsightFace's; from
    `models_dir` alone when that is given.

    `device`: "" (best), cpu, cuda:0, ... `inference_batch`: faces per call, 0 by device. `workers`: pictures
    looked at at once, 0 by cores. `steps` is told what takes how long. Nothing is loaded before the first look;
    ModelUnavailable is raised here when files or packages are missing, on the first look when they are damaged or
    the device cannot run them.
    """
    from compreface_plugin.domain.faces import EngineInfo
    from compreface_plugin.engine.base import LocalEngine

    chosen = find_pack(pack, data_dir, models_dir)
    info = EngineInfo(
        engine="local",
        pack=chosen.name,
        model_id=chosen.model_id,
        detector_id=chosen.detector_id,
        dimensions=chosen.dimensions,
        device=device or ("cpu" if chosen.kind != "insightface" else "best"),
    )
    return LocalEngine(info, lambda: _load(chosen, device, inference_batch, data_dir), workers, steps)


def _load(pack: InstalledPack, device: str, batch: int, data_dir: Path | None) -> Models:
    if pack.kind == "dlib":
        if device.strip().lower() not in ("", "cpu"):
            said = sentence("device.missing", device=repr(device), library="dlib", offered="cpu")
            raise ModelUnavailable(said)
        from compreface_plugin.engine.dlib_engine import DlibModels

        return DlibModels(pack, data_dir)
    if pack.kind == "light":
        from compreface_plugin.engine.light_models import LightModels

        return LightModels(pack, device, batch)
    from compreface_plugin.engine.onnx_models import OnnxModels

    return OnnxModels(pack, device, batch)
