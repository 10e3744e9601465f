"""InsightFace packs on ONNX Runtime: SCRFD detector, ArcFace recogniser, optional genderage.

The package insightface itself is not used: it wants onnx, OpenCV and one call a face, and prints to stdout;
the networks need little around them (docs/decisions/0013).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from compreface_plugin.domain.errors import ModelUnavailable
from compreface_plugin.domain.sentences import sentence
from compreface_plugin.engine.align import ARCFACE_112, warp
from compreface_plugin.engine.base import Attributes
from compreface_plugin.engine.detectors import SCRFD_REACH, scrfd_faces, scrfd_input
from compreface_plugin.engine.devices import Device, choose, errors_of, open_session
from compreface_plugin.engine.find import find_faces
from compreface_plugin.engine.onnx_file import without_dynamic_quantisation

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32, Pixels
    from compreface_plugin.engine.geometry import Found
    from compreface_plugin.engine.places import InstalledPack

CPU_BATCH, GPU_BATCH = 4, 32
GENDER_SURE = 2.0
"""Difference of the two gender outputs from which on a gender is named; below it is left open."""
SELF_TEST_COSINE = 0.99
"""At least this must an embedding made on a device agree with the one made on the CPU."""


class OnnxModels:
    """Loaded models of one pack folder on one device."""

    def __init__(self, pack: InstalledPack, asked_device: str = "", batch: int = 0) -> None:
        """Raises ModelUnavailable: package missing, files damaged, or a device that cannot run them."""
        try:
            import onnxruntime as ort
        except ImportError as error:
            raise ModelUnavailable(sentence("model.package", pack=pack.name, package="onnxruntime")) from error
        self._ort, self._errors, self._pack = ort, errors_of(ort), pack.name
        chosen = choose(asked_device, ort.get_available_providers())
        self.device = chosen.name
        self.batch = batch or (CPU_BATCH if chosen.is_cpu else GPU_BATCH)
        self._pads = not chosen.is_cpu
        self._detector = self._open(pack.detector, chosen)
        self._recogniser = self._open(pack.recogniser, chosen)
        self._genderage = self._open(pack.genderage, chosen) if pack.genderage is not None else None
        taken = self._recogniser.get_inputs()[0]
        self._size = int(taken.shape[2])
        self._one_by_one = taken.shape[0] == 1
        self._test(pack, chosen)

    def find(self, picture: Image.Image, min_face_px: float) -> Found:
        return find_faces(picture, min_face_px, SCRFD_REACH, self._detect)

    def align(self, picture: Image.Image, found: Found) -> list[Pixels]:
        template = ARCFACE_112 * np.float32(self._size / 112)
        return [warp(picture, points, template, self._size) for points in found.points]

    def embed(self, chips: Sequence[Pixels]) -> Float32:
        raw = self._run_recogniser(self._recogniser, chips)
        return np.asarray(raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9), np.float32)

    def attributes(self, picture: Image.Image, found: Found) -> list[Attributes]:
        if self._genderage is None:
            return [Attributes()] * len(found)
        return [self._attributes_of(picture, box) for box in found.boxes]

    def _detect(self, canvas: Pixels) -> Found:
        outputs = self._run(self._detector, scrfd_input(canvas))
        return scrfd_faces(outputs, canvas.shape[1], canvas.shape[0])

    def _run_recogniser(self, session: Any, chips: Sequence[Pixels]) -> Float32:
        """(N, D) as they come. On a GPU the batch is filled up, so that one shape is compiled and kept."""
        stack = ((np.stack(chips).astype(np.float32) - 127.5) / 127.5).transpose(0, 3, 1, 2)
        batch = np.ascontiguousarray(stack)
        if self._one_by_one:
            rows = [self._run(session, batch[row : row + 1])[0].reshape(1, -1) for row in range(len(batch))]
            return np.concatenate(rows)
        if self._pads and len(batch) < self.batch:
            batch = np.concatenate([batch, np.zeros((self.batch - len(batch), *batch.shape[1:]), np.float32)])
        return np.asarray(self._run(session, batch)[0].reshape(len(batch), -1)[: len(chips)])

    def _attributes_of(self, picture: Image.Image, box: Float32) -> Attributes:
        """The network sees 1.5 times the box, 96 x 96 RGB 0-255, and gives female, male, age / 100."""
        centre, side = (box[:2] + box[2:]) / 2, float((box[2:] - box[:2]).max()) * 1.5
        low = centre - side / 2
        scale = side / 96
        patch = picture.transform(
            (96, 96),
            Image.Transform.AFFINE,
            (scale, 0, float(low[0]), 0, scale, float(low[1])),
            resample=Image.Resampling.BILINEAR,
        )
        batch = np.asarray(patch).astype(np.float32).transpose(2, 0, 1)[None]
        female, male, age = self._run(self._genderage, np.ascontiguousarray(batch))[0].reshape(-1)[:3]
        sure = abs(float(male - female)) >= GENDER_SURE
        gender = ("MALE" if male > female else "FEMALE") if sure else None
        return Attributes(age=round(float(age) * 100.0, 1), gender=gender)

    def _open(self, path: Path, device: Device) -> Any:
        try:
            stored = path.read_bytes()
            model = without_dynamic_quantisation(stored)
            # One thread a call: the pictures run side by side, which wastes less than splitting each.
            return open_session(self._ort, str(path) if model is stored else model, device, threads=1)
        except self._errors as error:
            reason = " ".join(str(error).split())[:160]
            raise ModelUnavailable(
                sentence("model.damaged", file=path, device=device.name, reason=reason, pack=self._pack)
            ) from error

    def _run(self, session: Any, batch: Float32) -> Any:
        try:
            return session.run(None, {session.get_inputs()[0].name: batch})
        except self._errors as error:
            reason = " ".join(str(error).split())[:160]
            raise ModelUnavailable(sentence("device.failed", device=self.device, reason=reason)) from error

    def _test(self, pack: InstalledPack, device: Device) -> None:
        """A drawn face through both networks; on a device other than the CPU the CPU must agree."""
        chip = drawn_face(self._size)
        embedding = self.embed([chip])
        self._detect(drawn_face(320))
        if not np.isfinite(embedding).all() or float(np.linalg.norm(embedding)) < 0.5:
            said = sentence("model.empty", file=pack.recogniser, device=device.name, pack=pack.name)
            raise ModelUnavailable(said)
        if device.is_cpu:
            return
        on_cpu = self._open(pack.recogniser, choose("cpu", ["CPUExecutionProvider"]))
        raw = self._run_recogniser(on_cpu, [chip])[0]
        cosine = float(embedding[0] @ (raw / np.linalg.norm(raw)))
        if not cosine >= SELF_TEST_COSINE:
            raise ModelUnavailable(sentence("device.wrong", device=device.name, cosine=f"{cosine:.3f}"))


def drawn_face(side: int) -> Pixels:
    """(side, side, 3): a face of ellipses, enough like one to send real numbers through every layer."""
    from PIL import ImageDraw

    image = Image.new("RGB", (120, 120), (96, 110, 128))
    draw = ImageDraw.Draw(image)
    draw.ellipse((18, 4, 102, 118), fill=(214, 172, 148))
    for x in (38, 74):
        draw.ellipse((x - 9, 44, x + 9, 56), fill=(250, 250, 248))
        draw.ellipse((x - 4, 45, x + 4, 55), fill=(60, 40, 30))
        draw.line((x - 11, 38, x + 11, 37), fill=(80, 55, 40), width=3)
    draw.polygon([(56, 54), (64, 78), (50, 78)], fill=(196, 150, 128))
    draw.ellipse((42, 90, 76, 102), fill=(170, 80, 80))
    return np.asarray(image.resize((side, side), Image.Resampling.BILINEAR))
