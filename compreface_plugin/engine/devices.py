"""Which ONNX Runtime provider runs a network, and proof that it does. No silent fall-back to the CPU."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from compreface_plugin.domain.errors import ModelUnavailable
from compreface_plugin.domain.sentences import sentence

_PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
_BEST_FIRST = ("cuda", "migraphx", "rocm", "directml", "openvino")
"""Taken by itself when the installed ONNX Runtime has it: such a build is only installed on purpose. CoreML
comes with every build for the Mac and is slower than the CPU on networks of open size, so it must be asked
for."""
ALIASES = {"gpu": "", "amd": "migraphx", "dml": "directml", "nvidia": "cuda"}


@dataclass(frozen=True, slots=True)
class Device:
    """A provider and its options. `name` is what the user sees: cpu, cuda:0, ..."""

    name: str
    provider: str
    options: dict[str, str] = field(default_factory=dict)

    @property
    def is_cpu(self) -> bool:
        return self.provider == _PROVIDERS["cpu"]


def choose(asked: str, available: list[str]) -> Device:
    """The device for the setting `device` ("" = best) among the providers of the installed ONNX Runtime.

    Raises ModelUnavailable when the asked one is unknown or not there.
    """
    kind, _, rest = asked.strip().lower().partition(":")
    kind = ALIASES.get(kind, kind)
    if not kind:
        kind = next((name for name in _BEST_FIRST if _PROVIDERS[name] in available), "cpu")
        if kind == "cpu" and asked.strip():
            raise ModelUnavailable(_missing(asked, available))
    if kind not in _PROVIDERS:
        raise ModelUnavailable(sentence("device.unknown", device=repr(asked), known=", ".join(_PROVIDERS)))
    if _PROVIDERS[kind] not in available:
        raise ModelUnavailable(_missing(asked, available))
    return Device(*_named(kind, rest))


def _missing(asked: str, available: list[str]) -> str:
    return sentence("device.missing", device=repr(asked), library="ONNX Runtime", offered=", ".join(available))


def offered(available: list[str]) -> tuple[str, ...]:
    """Names for the setting `device` that the installed ONNX Runtime knows, best first; cpu last."""
    return tuple(kind for kind in (*_BEST_FIRST, "coreml", "cpu") if _PROVIDERS[kind] in available)


def _named(kind: str, rest: str) -> tuple[str, str, dict[str, str]]:
    provider = _PROVIDERS[kind]
    if kind == "cpu" or (kind == "coreml" and not rest):
        return kind, provider, {}
    if kind == "openvino":
        target = rest.upper() or "CPU"
        return f"openvino:{target}", provider, {"device_type": target}
    if kind == "coreml":
        return f"coreml:{rest}", provider, {"MLComputeUnits": rest}
    number = rest or "0"
    if not number.isdigit():
        raise ModelUnavailable(sentence("device.unknown", device=f"{kind}:{rest}", known=kind))
    options = {"device_id": number}
    if kind == "cuda":
        # The exhaustive search of the default runs anew for every shape and keeps its workspace.
        options |= {"cudnn_conv_algo_search": "HEURISTIC", "arena_extend_strategy": "kSameAsRequested"}
    return f"{kind}:{number}", provider, options


def open_session(ort: Any, model: bytes | str, device: Device, threads: int) -> Any:
    """An inference session that really runs on `device`. Raises ModelUnavailable; other errors are of the
    file."""
    options = ort.SessionOptions()
    options.log_severity_level = 4  # the reason comes with the exception; nothing else belongs on the user's screen
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # canvases have many shapes; a plan per shape would be kept
    providers: list[Any] = [(device.provider, device.options)]
    if not device.is_cpu:
        providers.append(_PROVIDERS["cpu"])  # for the few operators a provider lacks
    session = ort.InferenceSession(model, options, providers=providers)
    if device.provider not in session.get_providers():
        instead = session.get_providers()[0]
        raise ModelUnavailable(sentence("device.fallback", device=device.name, instead=instead))
    return session


def errors_of(ort: Any) -> tuple[type[Exception], ...]:
    """ONNX Runtime's own exceptions: they have no common base but Exception. And those of a file that
    cannot be read."""
    state = ort.capi.onnxruntime_pybind11_state
    own: list[type[Exception]] = [
        value for value in vars(state).values() if isinstance(value, type) and issubclass(value, Exception)
    ]
    return (*own, RuntimeError, ValueError, OSError)
