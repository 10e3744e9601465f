"""Where model packs lie, which are there, and what their weights are called. Loads no model and no heavy
library."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from compreface_plugin.domain.errors import ModelUnavailable
from compreface_plugin.domain.sentences import sentence
from compreface_plugin.engine.models import DLIB_RANK, PACKS, UNKNOWN_RANK

DLIB_RECOGNISER = "dlib_face_recognition_resnet_model_v1.dat"
DLIB_LANDMARKS = "shape_predictor_5_face_landmarks.dat"
YUNET = "face_detection_yunet_2023mar.onnx"
RETAIL_XML = "face-reidentification-retail-0095.xml"
RETAIL_BIN = "face-reidentification-retail-0095.bin"


@dataclass(frozen=True, slots=True)
class InstalledPack:
    """A pack that is there. `runnable` is false when the Python package it runs on is missing."""

    name: str
    rank: int
    kind: str  # "dlib", "light" or "insightface"
    detector: Path
    recogniser: Path
    genderage: Path | None
    dimensions: int
    needs: str  # the Python package it runs on

    @property
    def runnable(self) -> bool:
        return has_package(self.needs)

    @property
    def model_id(self) -> str:
        """Pack name, '@', first 12 of the SHA-256 of the recogniser's weights."""
        return f"{self.name}@{weights_hash(self.recogniser)[:12]}"

    @property
    def detector_id(self) -> str:
        """File name of the detector, '@', first 12 of its SHA-256; dlib's HOG detector is part of the
        library."""
        return "dlib-hog" if self.kind == "dlib" else f"{self.detector.stem}@{weights_hash(self.detector)[:12]}"


def has_package(name: str) -> bool:
    """Whether a Python package is installed; it is not imported."""
    return importlib.util.find_spec(name) is not None


def shared_folder() -> Path:
    """The user's own models folder, for packs fetched before the data folder is known."""
    named = os.environ.get("COMPREFACE_MODELS")
    if named:
        return Path(named)
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "stash-compreface" / "models"


def places(data_dir: Path | None, models_dir: Path | None = None) -> list[Path]:
    """Folders that hold pack folders, first come first served. `models_dir` alone counts when it is given."""
    if models_dir is not None:
        return [models_dir]
    found = [data_dir / "models"] if data_dir is not None else []
    try:
        home = [Path.home() / ".insightface" / "models"]
    except RuntimeError:  # a user without a home
        home = []
    return [*found, shared_folder(), *home]


def find_packs(data_dir: Path | None, models_dir: Path | None = None) -> list[InstalledPack]:
    """Every pack that is there, best first, dlib last; one per name."""
    packs: dict[str, InstalledPack] = {}
    for place in places(data_dir, models_dir):
        for pack in _packs_in(place):
            packs.setdefault(pack.name, pack)
    dlib = _dlib()
    if dlib is not None:
        packs["dlib"] = dlib
    return sorted(packs.values(), key=lambda pack: (pack.rank, pack.name))


def find_pack(name: str, data_dir: Path | None, models_dir: Path | None = None) -> InstalledPack:
    """The pack of that name. Raises ModelUnavailable with what to do."""
    if not name or "/" in name or "\\" in name or name.startswith("."):
        raise ModelUnavailable(f"{name!r} is no name of a model pack.")
    for pack in find_packs(data_dir, models_dir):
        if pack.name == name:
            if not pack.runnable:
                raise ModelUnavailable(sentence("model.package", pack=name, package=pack.needs))
            return pack
    if name == "dlib":
        raise ModelUnavailable(sentence("model.package", pack=name, package="face_recognition_models"))
    looked = ", ".join(str(place) for place in places(data_dir, models_dir))
    if name in PACKS:
        raise ModelUnavailable(sentence("model.missing", pack=name, places=looked))
    raise ModelUnavailable(f"The model pack {name} is not in {looked}.")


def _packs_in(place: Path) -> Iterator[InstalledPack]:
    light = _light(place)
    if light is not None:
        yield light
    try:
        folders = sorted(child for child in place.iterdir() if child.is_dir() and not child.name.startswith("."))
    except OSError:
        return
    for folder in folders:
        pack = _insightface(folder)
        if pack is not None:
            yield pack


def _dlib() -> InstalledPack | None:
    """From the installed package face_recognition_models, which is not imported: its __init__ needs
    pkg_resources, which newer setuptools no longer bring."""
    spec = importlib.util.find_spec("face_recognition_models")
    for place in (spec.submodule_search_locations or []) if spec is not None else []:
        folder = Path(place) / "models"
        if (folder / DLIB_RECOGNISER).is_file() and (folder / DLIB_LANDMARKS).is_file():
            return InstalledPack(
                "dlib", DLIB_RANK, "dlib", folder / DLIB_LANDMARKS, folder / DLIB_RECOGNISER, None, 128, "dlib"
            )
    return None


def _light(place: Path) -> InstalledPack | None:
    """All three files in one folder (as install puts them), or side by side as the two model zoos lay them
    out."""
    for detector, recogniser in (
        (place / "light", place / "light"),
        (place / "opencv", place / "openvino" / "face-reidentification-retail-0095"),
    ):
        files = (detector / YUNET, recogniser / RETAIL_XML, recogniser / RETAIL_BIN)
        if all(file.is_file() for file in files):
            return InstalledPack("light", PACKS["light"].rank, "light", files[0], files[2], None, 256, "openvino")
    return None


def _insightface(folder: Path) -> InstalledPack | None:
    """Any folder with an SCRFD detector and an ArcFace recogniser, told apart by their shapes as
    InsightFace does."""
    from compreface_plugin.engine.onnx_file import signature

    detector = recogniser = genderage = None
    dimensions = 0
    for path in sorted(folder.glob("*.onnx")):
        try:
            shapes = signature(path)
        except (ValueError, OSError):
            # A damaged file still counts by its usual name, so that loading it can say what is wrong.
            if path.name.startswith(("det_", "scrfd")):
                detector = detector or path
            elif path.name.startswith(("w600k", "glintr")):
                recogniser, dimensions = recogniser or path, dimensions or 512
            continue
        side, count = shapes.takes[2:4], len(shapes.gives)
        if count in (9, 15):
            detector = detector or path
        elif count == 1 and side == (96, 96) and shapes.gives[0][-1] == 3:
            genderage = genderage or path
        elif (
            count == 1
            and recogniser is None
            and len(side) == 2
            and side[0] == side[1]
            and side[0] in range(112, 257, 16)
        ):
            if side[0] == 192:  # the landmark models of the packs
                continue
            recogniser, dimensions = path, shapes.gives[0][-1]
    if detector is None or recogniser is None:
        return None
    rank = PACKS[folder.name].rank if folder.name in PACKS else UNKNOWN_RANK
    return InstalledPack(folder.name, rank, "insightface", detector, recogniser, genderage, dimensions, "onnxruntime")


_NOTED_FROM = 32 << 20
"""From this size on a hash is noted beside the file: reading 200 MB anew for every operation takes too
long."""


def weights_hash(path: Path) -> str:
    """SHA-256 of a file, remembered by path, size and time of change; for large files in a note beside it
    too.

    Raises ModelUnavailable.
    """
    try:
        stat = path.stat()
        return _hash(path, stat.st_size, stat.st_mtime_ns)
    except OSError as error:
        raise ModelUnavailable(f"{path} cannot be read ({error.strerror or error}).") from error


@lru_cache(maxsize=64)
def _hash(path: Path, size: int, changed_ns: int) -> str:
    note, state = path.with_name(path.name + ".sha256"), f"{size} {changed_ns} "
    if size >= _NOTED_FROM:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            text = note.read_text("ascii")
            if text.startswith(state) and len(text) == len(state) + 64:
                return text[len(state) :]
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    if size >= _NOTED_FROM:
        with contextlib.suppress(OSError):  # a folder that is not ours
            note.write_text(state + digest.hexdigest(), "ascii")
    return digest.hexdigest()
