"""The pack `light` on the OpenVINO runtime: YuNet and face-reidentification-retail-0095.

OpenVINO reads both as published (ONNX and its own format), so this pack needs no other library, and is twice
as fast as ONNX Runtime on both networks (docs/decisions/0012).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from compreface_plugin.domain.errors import ModelUnavailable
from compreface_plugin.domain.sentences import sentence
from compreface_plugin.engine.align import RETAIL_128, warp
from compreface_plugin.engine.base import Attributes
from compreface_plugin.engine.detectors import YUNET_OUTPUTS, YUNET_REACH, yunet_faces, yunet_input
from compreface_plugin.engine.find import find_faces
from compreface_plugin.engine.places import RETAIL_XML, InstalledPack

if TYPE_CHECKING:
    from PIL import Image

    from compreface_plugin.domain.faces import Float32, Pixels
    from compreface_plugin.engine.geometry import Found

_SHAPES = 16
"""Canvas shapes kept compiled; each costs some megabytes and a sixth of a second to make again."""
_PRECISE = {"INFERENCE_PRECISION_HINT": "f32"}
"""Otherwise a processor with bfloat16 computes other embeddings than one without."""
_ONE_THREAD = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}
CPU_BATCH, GPU_BATCH = 4, 16


class LightModels:
    """Loaded models; a compiled detector per canvas shape, an inference request per thread and network."""

    def __init__(self, pack: InstalledPack, asked_device: str = "", batch: int = 0) -> None:
        """Raises ModelUnavailable: package missing, files damaged, or a device that cannot run them."""
        try:
            import openvino
        except ImportError as error:
            raise ModelUnavailable(sentence("model.package", pack="light", package="openvino")) from error
        self._core: Any = openvino.Core()
        self._device = _device(asked_device, self._core.available_devices)
        self.device = self._device.lower()
        self.batch = batch or (CPU_BATCH if self._device == "CPU" else GPU_BATCH)
        self._config = _PRECISE | (_ONE_THREAD if self._device == "CPU" else {})
        self._pack = pack
        self._local, self._lock = threading.local(), threading.Lock()
        self._compiled: OrderedDict[tuple[int, int], Any] = OrderedDict()
        self._recogniser = self._recogniser_on(self._device)
        self._detector(320, 320)
        self._test()

    def find(self, picture: Image.Image, min_face_px: float) -> Found:
        return find_faces(picture, min_face_px, YUNET_REACH, self._detect)

    def align(self, picture: Image.Image, found: Found) -> list[Pixels]:
        return [warp(picture, points, RETAIL_128, 128) for points in found.points]

    def embed(self, chips: Sequence[Pixels]) -> Float32:
        return _unit(np.concatenate([self._embedding(chip) for chip in chips]))

    def attributes(self, picture: Image.Image, found: Found) -> list[Attributes]:
        return [Attributes()] * len(found)

    def _embedding(self, chip: Pixels) -> Float32:
        request = self._request(self._recogniser)
        self._infer(request, _bgr(chip))
        return np.array(request.get_output_tensor(0).data, np.float32).reshape(1, -1)

    def _detect(self, canvas: Pixels) -> Found:
        high, wide = canvas.shape[:2]
        request = self._request(self._detector(high, wide))
        self._infer(request, yunet_input(canvas))
        outputs = {name: request.get_output_tensor(row).data for row, name in enumerate(YUNET_OUTPUTS)}
        return yunet_faces(outputs, wide, high)

    def _detector(self, high: int, wide: int) -> Any:
        with self._lock:
            compiled = self._compiled.get((high, wide))
            if compiled is None:
                compiled = self._compile(self._pack.detector, self._device, [1, 3, high, wide])
                self._compiled[high, wide] = compiled
                while len(self._compiled) > _SHAPES:
                    self._compiled.popitem(last=False)
            self._compiled.move_to_end((high, wide))
            return compiled

    def _recogniser_on(self, device: str) -> Any:
        return self._compile(self._pack.recogniser.with_name(RETAIL_XML), device, [1, 3, 128, 128])

    def _compile(self, path: Any, device: str, shape: list[int]) -> Any:
        try:
            model = self._core.read_model(str(path))
            model.reshape(shape)
            return self._core.compile_model(model, device, self._config if device == self._device else {})
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[-200:]
            said = sentence("model.damaged", file=path, device=device, reason=reason, pack="light")
            raise ModelUnavailable(said) from error

    def _request(self, compiled: Any) -> Any:
        """This thread's request of a compiled network, forgotten with the network."""
        requests: OrderedDict[int, tuple[Any, Any]] = self._local.__dict__.setdefault("requests", OrderedDict())
        entry = requests.get(id(compiled))
        if entry is None or entry[0] is not compiled:
            entry = (compiled, compiled.create_infer_request())
            requests[id(compiled)] = entry
            while len(requests) > _SHAPES:
                requests.popitem(last=False)
        requests.move_to_end(id(compiled))
        return entry[1]

    def _infer(self, request: Any, batch: Float32) -> None:
        try:
            request.infer({0: batch})
        except RuntimeError as error:
            reason = " ".join(str(error).split())[-160:]
            raise ModelUnavailable(sentence("device.failed", device=self.device, reason=reason)) from error

    def _test(self) -> None:
        """A drawn face through the recogniser; a device other than the CPU must agree with it."""
        from compreface_plugin.engine.onnx_models import SELF_TEST_COSINE, drawn_face

        embedding = self.embed([drawn_face(128)])
        if not np.isfinite(embedding).all() or float(np.linalg.norm(embedding)) < 0.5:
            said = sentence("model.empty", file=self._pack.recogniser, device=self.device, pack="light")
            raise ModelUnavailable(said)
        if self._device == "CPU":
            return
        request = self._recogniser_on("CPU").create_infer_request()
        self._infer(request, _bgr(drawn_face(128)))
        on_cpu = _unit(np.array(request.get_output_tensor(0).data, np.float32).reshape(1, -1))
        cosine = float(embedding[0] @ on_cpu[0])
        if not cosine >= SELF_TEST_COSINE:
            raise ModelUnavailable(sentence("device.wrong", device=self.device, cosine=f"{cosine:.3f}"))


def _device(asked: str, available: list[str]) -> str:
    """OpenVINO's name of the device for the setting `device`; the CPU unless another one is asked for."""
    wanted = asked.strip().lower().removeprefix("openvino").lstrip(":")
    if wanted in ("", "cpu"):
        return "CPU"
    for name in available:
        if name.lower() in (wanted, wanted.replace(":", ".")) or name.lower() == f"{wanted}.0":
            return name
    offered = ", ".join(available)
    raise ModelUnavailable(sentence("device.missing", device=repr(asked), library="OpenVINO", offered=offered))


def _bgr(chip: Pixels) -> Float32:
    return np.ascontiguousarray(chip[:, :, ::-1].astype(np.float32).transpose(2, 0, 1)[None])


def _unit(raw: Float32) -> Float32:
    return np.asarray(raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9), np.float32)
