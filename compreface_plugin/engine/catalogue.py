"""Every pack a person can choose: the ones to be had, the ones that are there, their terms, and what they run on."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from compreface_plugin.engine.models import PACKS, PackTerms
from compreface_plugin.engine.places import InstalledPack, find_packs, has_package

_DLIB_TERMS = PackTerms(
    "CC0 / public domain", "May be used freely, commercially too", "https://github.com/davisking/dlib-models"
)
_OWN_TERMS = PackTerms("unknown", "Put there by hand: its terms are those of where it came from", "")


@dataclass(frozen=True, slots=True)
class PackState:
    """`size`: bytes to fetch, or on the disk where nothing is to be fetched. `needs`: the Python package it runs on."""

    name: str
    what: str
    terms: PackTerms
    size: int
    folder: str  # "" when not installed
    needs: str
    runnable: bool  # the package is there

    @property
    def installed(self) -> bool:
        return bool(self.folder)

    @property
    def research_only(self) -> bool:
        return self.terms.licence.startswith("non-commercial")


def catalogue(data_dir: Path | None) -> tuple[PackState, ...]:
    """Best first. Loads no model."""
    there = {pack.name: pack for pack in find_packs(data_dir)}
    ranks = {**{name: pack.rank for name, pack in PACKS.items()}, **{name: pack.rank for name, pack in there.items()}}
    return tuple(_state(name, there.get(name)) for name in sorted(ranks, key=lambda name: (ranks[name], name)))


def _state(name: str, installed: InstalledPack | None) -> PackState:
    known = PACKS.get(name)
    needs = installed.needs if installed else known.needs if known else ""
    on_disk = 0 if installed is None else _size(installed)
    if known is not None:
        what, terms, size = known.what, known.terms, known.size
    elif name == "dlib":
        what, terms, size = "HOG detector and ResNet-29, the embedded default", _DLIB_TERMS, on_disk
    else:
        what, terms, size = "a pack of your own", _OWN_TERMS, on_disk
    folder = str(installed.recogniser.parent) if installed else ""
    return PackState(name, what, terms, size, folder, needs, has_package(needs))


def _size(pack: InstalledPack) -> int:
    files = {pack.detector, pack.recogniser, *([pack.genderage] if pack.genderage else [])}
    return sum(file.stat().st_size for file in files if file.is_file())


def devices(needs: str) -> tuple[str, ...]:
    """Names for the setting `device` that the installed runtime knows. Loads that runtime, which takes a moment."""
    if needs == "onnxruntime" and has_package(needs):
        import onnxruntime

        from compreface_plugin.engine.devices import offered

        return offered(onnxruntime.get_available_providers())
    if needs == "openvino" and has_package(needs):
        import openvino

        return tuple("cpu" if each == "CPU" else f"openvino:{each}" for each in openvino.Core().available_devices)
    return ("cpu",)


def sees_nvidia() -> bool:
    """Whether this machine has NVIDIA's driver."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None
