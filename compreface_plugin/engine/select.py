"""Which local engine: packs found on this machine, best first, and the one door that opens them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from compreface_plugin.domain.errors import ModelUnavailable
from compreface_plugin.domain.faces import EngineInfo
from compreface_plugin.engine.base import LocalEngine


def open_engine(
    pack: str,
    *,
    data_dir: Path | None,
    models_dir: Path | None = None,
    device: str = "",
    inference_batch: int = 0,
    workers: int = 0,
) -> LocalEngine:
    """The engine of `pack`; nothing is loaded before the first look. Raises ModelUnavailable."""
    places = [place for place in (models_dir, data_dir / "models" if data_dir else None) if place is not None]
    if pack == "dlib":
        from compreface_plugin.engine.dlib_engine import RECOGNISER_FILE, DlibModels, weights_folder

        folder = weights_folder()
        if folder is None:
            raise ModelUnavailable(
                "The dlib engine needs the Python package face_recognition_models; install it."
            )
        return LocalEngine(_info(pack, folder / RECOGNISER_FILE, 128), lambda: DlibModels(folder), workers)
    if pack == "light":
        from compreface_plugin.engine.light_models import (
            DETECTOR_FILE,
            RECOGNISER_BIN,
            RECOGNISER_XML,
            LightModels,
        )

        for place in places:
            files = {path.name: path for path in place.rglob("*")}
            if DETECTOR_FILE in files and RECOGNISER_XML in files and RECOGNISER_BIN in files:
                info = _info(pack, files[RECOGNISER_BIN], 256)
                return LocalEngine(
                    info, lambda: LightModels(files[DETECTOR_FILE], files[RECOGNISER_XML]), workers
                )
        raise ModelUnavailable("The model pack light is not installed.")
    from compreface_plugin.engine.onnx_models import load_pack

    for place in places:
        chosen = place / pack
        if chosen.is_dir():
            weights = sorted(chosen.glob("*w600k*.onnx")) or sorted(chosen.glob("*.onnx"))
            return LocalEngine(_info(pack, weights[0], 512), lambda: load_pack(chosen), workers)
    raise ModelUnavailable(f"The model pack {pack} is not installed.")


def _info(pack: str, weights: Path, dimensions: int) -> EngineInfo:
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()[:12]
    return EngineInfo("local", pack, f"{pack}@{digest}", pack, dimensions, "cpu")
