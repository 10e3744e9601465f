"""The settings of the plugin: every key, default and rule in one place, parsed whole or not at all.

Stash knows no defaults: a setting never touched is absent, shown as 0 or off. So missing, empty and 0 mean
the default everywhere. Numbers with a fraction are text settings: Stash's number field takes whole numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.values import (
    is_missing,
    read_bool,
    read_choice,
    read_float,
    read_int,
    read_number,
    read_text,
    refuse,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Engine = Literal["auto", "local", "compreface"]
ApplyMode = Literal["auto", "review"]

ENGINES = ("auto", "local", "compreface")
APPLY_MODES = ("auto", "review")
DEVICES = ("auto", "cpu", "cuda", "rocm", "migraphx", "openvino", "coreml", "directml")
DECODERS = ("cuda", "vaapi", "qsv", "videotoolbox", "d3d11va", "d3d12va", "dxva2", "vdpau", "vulkan", "auto")
"""Kinds of hardware decoders, as FFmpeg names them; `auto` takes the first that works."""
NO_TAG = "none"  # the word that switches a tag off
LONGEST_COOLDOWN_S = 3600.0

_PACK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DECODER = re.compile(r"(?P<kind>[a-z0-9]+)(?P<device>:[A-Za-z0-9_./-]+)?", re.IGNORECASE)
_DEVICE = re.compile(r"(?P<kind>[a-z]+)(:[A-Za-z0-9_.]+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PathMap:
    """Where Stash's paths lie for us, as (from, to) pairs. The longest `from` that holds a path wins."""

    pairs: tuple[tuple[str, str], ...] = ()

    def apply(self, path: str) -> str:
        """`path` with its beginning exchanged; unchanged when no pair fits. Whole folder names only."""
        for start, target in sorted(self.pairs, key=lambda pair: len(pair[0]), reverse=True):
            rest = path[len(start) :]
            if path.startswith(start) and (not rest or rest[0] in "/\\" or start[-1] in "/\\"):
                if "\\" in start and "\\" not in target:  # a Windows Stash, and we elsewhere
                    rest = rest.replace("\\", "/")
                return target.rstrip("/\\") + "/" + rest.lstrip("/\\") if rest else target
        return path


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user chose, every default filled in. Similarities and quality are 0..1."""

    engine: Engine = "auto"
    model_pack: str | None = None  # None: the best installed
    device: str | None = None  # None: the best that passes its self-test
    inference_batch_size: int | None = None  # faces per inference call; None: by device
    max_batch_size: int = 20  # items per batch
    cooldown_s: float = 10.0  # pause between batches that computed something; 0 = none
    min_similarity: float = 0.89
    review_similarity: float = 0.75
    min_face_size: int = 64  # pixels of the original, short side of the box
    min_quality: float = 0.4
    max_image_megapixels: float = 100.0
    scanned_tag_name: str | None = "Compreface Scanned"  # None: no such tag
    matched_tag_name: str | None = "Compreface Matched"
    error_tag_name: str | None = "Compreface Error"
    apply_mode: ApplyMode = "auto"
    min_faces_per_person: int = 3
    write_aliases: bool = False
    hold_queue: bool = False
    scan_after_run: bool = False
    scene_markers: bool = False
    scene_frame_interval_s: float = 2.0
    max_scene_frames: int = 300
    hardware_decoding: str | None = None  # None: the CPU decodes videos
    data_dir: str | None = None
    stash_url: str | None = None
    path_map: PathMap = field(default_factory=PathMap)
    compreface_url: str | None = None  # None: found by itself
    recognition_api_key: str | None = field(default=None, repr=False)
    detection_api_key: str | None = field(default=None, repr=False)
    verification_api_key: str | None = field(default=None, repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be logged."""
        keys = (self.recognition_api_key, self.detection_api_key, self.verification_api_key)
        return tuple(key for key in keys if key)


class _Reader:
    """Reads one map of settings; each method gives the value of a key, or its default when there is none."""

    def __init__(self, stored: Mapping[str, object]) -> None:
        self._stored = stored

    def given(self, key: str) -> bool:
        """Whether the key has a value that is not the default's spelling: not missing, not empty, not 0."""
        value = self._stored.get(key)
        if is_missing(value):
            return False
        if isinstance(value, bool):
            return True
        try:
            return float(value.replace(",", ".") if isinstance(value, str) else value) != 0  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return True

    def integer(self, key: str, default: int, minimum: int, maximum: int) -> int:
        return read_int(_name(key), self._stored[key], minimum, maximum) if self.given(key) else default

    def optional_integer(self, key: str, minimum: int, maximum: int) -> int | None:
        return read_int(_name(key), self._stored[key], minimum, maximum) if self.given(key) else None

    def fraction(self, key: str, default: float, minimum: float, maximum: float) -> float:
        return read_float(_name(key), self._stored[key], minimum, maximum) if self.given(key) else default

    def truth(self, key: str) -> bool:
        value = self._stored.get(key)
        return False if is_missing(value) else read_bool(_name(key), value)

    def text(self, key: str, longest: int = 1000) -> str | None:
        return read_text(_name(key), self._stored[key], longest) if self.given(key) else None

    def secret(self, key: str) -> str | None:
        """A key. A wrong one is refused without repeating it."""
        if not self.given(key):
            return None
        value = self._stored[key]
        if not isinstance(value, str) or len(value) > 1000 or not value.strip().isprintable():
            raise refuse(_name(key), "(not shown)", "the key as the service shows it, one line of text")
        return value.strip()

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        """One of `choices`; the first is the default."""
        return read_choice(_name(key), self._stored[key], choices) if self.given(key) else choices[0]

    def tag(self, key: str, default: str) -> str | None:
        name = self.text(key, longest=255)
        if name is None:
            return default
        return None if name.lower() == NO_TAG else name

    def pack(self, key: str) -> str | None:
        name = self.text(key)
        if name is not None and not _PACK_NAME.fullmatch(name):
            raise refuse(_name(key), name, "the name of a model pack, such as buffalo_l, light or dlib")
        return name

    def device(self, key: str) -> str | None:
        name = self.text(key)
        if name is None:
            return None
        match = _DEVICE.fullmatch(name)
        if match is None or match["kind"].lower() not in DEVICES:
            raise refuse(
                _name(key), name, "one of " + ", ".join(DEVICES) + ", with a number where it helps (cuda:0)"
            )
        kind = match["kind"].lower()
        return None if kind == "auto" else kind + name[len(kind) :]

    def decoder(self, key: str) -> str | None:
        name = self.text(key)
        if name is None or name.lower() in ("none", "cpu"):
            return None
        match = _DECODER.fullmatch(name)
        if match is None or match["kind"].lower() not in DECODERS:
            allowed = "none, " + ", ".join(DECODERS) + ", with a device where it helps (vaapi:/dev/dri/renderD128)"
            raise refuse(_name(key), name, allowed)
        return match["kind"].lower() + (match["device"] or "")

    def cooldown(self, key: str, default: float) -> float:
        if not self.given(key):
            return default
        allowed = f"a number of seconds from 1 to {LONGEST_COOLDOWN_S:g}, or -1 for no pause"
        seconds = read_number(_name(key), self._stored[key], allowed)
        if seconds == -1:
            return 0.0
        if not 0 < seconds <= LONGEST_COOLDOWN_S:
            raise refuse(_name(key), self._stored[key], allowed)
        return seconds

    def paths(self, key: str) -> PathMap:
        text = self.text(key, longest=10_000)
        pairs = [pair.split("=", 1) for pair in (text or "").split(";") if pair.strip()]
        cleaned = tuple((pair[0].strip(), pair[-1].strip()) for pair in pairs)
        if any(len(pair) != 2 or not all(ends) for pair, ends in zip(pairs, cleaned, strict=True)):
            raise refuse(_name(key), text, "pairs of folders as from=to;from=to")
        return PathMap(cleaned)

    def url(self, key: str) -> str | None:
        text = self.text(key)
        if text is None:
            return None
        scheme, separator, _ = text.partition("://")
        if (separator and scheme.lower() not in ("http", "https")) or re.search(r"\s", text):
            raise refuse(_name(key), text, "an address as http://host:port")
        return text.rstrip("/")


def _name(key: str) -> str:
    return f"The setting {key}"


def parse_settings(stored: Mapping[str, object]) -> Settings:
    """Stash's map of this plugin's settings to a whole `Settings`. Unknown keys are left alone.

    Raises SettingsError at the first value that is not allowed, naming the setting, its value and what is.
    """
    read = _Reader(stored)
    accept = read.fraction("minSimilarity", 0.89, 0.0, 1.0)
    review = read.fraction("reviewSimilarity", min(0.75, accept), 0.0, 1.0)
    if review > accept:
        raise SettingsError(
            f"The setting reviewSimilarity is {review:g} and minSimilarity is {accept:g}; allowed is a "
            "reviewSimilarity at or below minSimilarity. Correct one of them and start again."
        )
    return Settings(
        engine=read.choice("engine", ENGINES),  # type: ignore[arg-type]  # one of ENGINES by now
        model_pack=read.pack("modelPack"),
        device=read.device("device"),
        inference_batch_size=read.optional_integer("inferenceBatchSize", 1, 1024),
        max_batch_size=read.integer("maxBatchSize", 20, 1, 1000),
        cooldown_s=read.cooldown("cooldownSeconds", 10.0),
        min_similarity=accept,
        review_similarity=review,
        min_face_size=read.integer("minFaceSize", 64, 8, 4096),
        min_quality=read.fraction("minQuality", 0.4, 0.0, 1.0),
        max_image_megapixels=read.fraction("maxImageMegapixels", 100.0, 0.01, 1000.0),
        scanned_tag_name=read.tag("scannedTagName", "Compreface Scanned"),
        matched_tag_name=read.tag("matchedTagName", "Compreface Matched"),
        error_tag_name=read.tag("errorTagName", "Compreface Error"),
        apply_mode=read.choice("applyMode", APPLY_MODES),  # type: ignore[arg-type]
        min_faces_per_person=read.integer("minFacesPerPerson", 3, 1, 1000),
        write_aliases=read.truth("writeAliases"),
        hold_queue=read.truth("holdQueue"),
        scan_after_run=read.truth("scanAfterRun"),
        scene_markers=read.truth("sceneMarkers"),
        scene_frame_interval_s=read.fraction("sceneFrameInterval", 2.0, 0.1, 600.0),
        max_scene_frames=read.integer("maxSceneFrames", 300, 1, 100_000),
        hardware_decoding=read.decoder("hardwareDecoding"),
        data_dir=read.text("dataDir"),
        stash_url=read.url("stashUrl"),
        path_map=read.paths("pathMap"),
        compreface_url=read.url("comprefaceUrl"),
        recognition_api_key=read.secret("recognitionApiKey"),
        detection_api_key=read.secret("detectionApiKey"),
        verification_api_key=read.secret("verificationApiKey"),
    )
