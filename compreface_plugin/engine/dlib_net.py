"""dlib's face recognition network (ResNet-29, 150 x 150 -> 128) on NumPy's matrix product.

The dlib wheels are built without a BLAS and hold Python's lock while the network runs: about 190 ms a face on
a machine where NumPy needs a tenth of that, on every core. So the weights are read out of dlib's own file and
the forward pass is done here; `docs/decisions/0011` has the measurements. A file that does not have exactly
the known structure is refused, and the caller goes on with dlib itself.

Structure: `anet_type` of dlib's example dnn_face_recognition_ex.cpp (public domain); King, "High quality face
recognition with deep metric learning", 2017.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32, Pixels

CHIP_SIDE = 150
DIMENSIONS = 128
_MEAN = np.array([122.782, 117.001, 104.298], np.float32)  # RGB means of dlib's input layer, which divides by 256
_LEVELS = ((32, 3, False), (64, 4, True), (128, 3, True), (256, 3, True), (256, 1, True))
"""(filters, residual blocks, first block halves the picture), from the input to the output."""
_AT_ONCE = 4  # chips per matrix product: more do not fit a core's cache
_LAYER = re.compile(rb"\x01([\x04-\x08])(con_4|affine_|fc_2)")


class UnknownLayout(ValueError):
    """The weights file is not the network this module knows."""


@dataclass(frozen=True, slots=True, eq=False)
class _Conv:
    weights: Float32  # (kernel * kernel * channels, filters), the affine layer behind it folded in
    bias: Float32  # (filters,)
    kernel: int
    stride: int
    padding: int

    def __call__(self, x: Float32) -> Float32:
        """(N, H, W, C) -> (N, H', W', filters)."""
        if self.padding:
            x = np.pad(x, ((0, 0), (self.padding,) * 2, (self.padding,) * 2, (0, 0)))
        count, high, wide, channels = x.shape
        rows = (high - self.kernel) // self.stride + 1
        columns = (wide - self.kernel) // self.stride + 1
        patches = np.empty((count, rows, columns, self.kernel * self.kernel, channels), np.float32)
        for dy in range(self.kernel):
            for dx in range(self.kernel):
                patches[:, :, :, dy * self.kernel + dx] = x[
                    :,
                    dy : dy + rows * self.stride : self.stride,
                    dx : dx + columns * self.stride : self.stride,
                ]
        out = patches.reshape(count * rows * columns, -1) @ self.weights
        out += self.bias
        return out.reshape(count, rows, columns, -1)


class FaceNet:
    """Ready to run; immutable, may be called from several threads."""

    def __init__(self, path: Path) -> None:
        """Raises UnknownLayout when the file does not hold exactly this network, OSError when it cannot be
        read."""
        convs, last = _read(path.read_bytes())
        stream = iter(convs)
        self._first = _conv(*next(stream), kernel=7, channels=3, stride=2, padding=0)
        self._blocks: list[tuple[_Conv, _Conv, bool]] = []
        channels = 32
        for filters, blocks, halves in _LEVELS:
            for block in range(blocks):
                down = halves and block == 0
                stride, padding = (2, 0) if down else (1, 1)
                one = _conv(*next(stream), kernel=3, channels=channels, stride=stride, padding=padding)
                two = _conv(*next(stream), kernel=3, channels=filters, stride=1, padding=1)
                self._blocks.append((one, two, down))
                channels = filters
        self._last = last

    def __call__(self, chips: Sequence[Pixels]) -> Float32:
        """(N, 150, 150, 3) RGB chips -> (N, 128) descriptors as dlib gives them, not normalised."""
        parts = [self._forward(np.stack(chips[i : i + _AT_ONCE])) for i in range(0, len(chips), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros((0, DIMENSIONS), np.float32)

    def _forward(self, chips: Pixels) -> Float32:
        x = (chips.astype(np.float32) - _MEAN) / np.float32(256)
        x = _max_pool_3_2(np.maximum(self._first(x), 0))
        for one, two, down in self._blocks:
            y = two(np.maximum(one(x), 0))
            x = np.maximum(_sum(y, _mean_pool_2(x)) if down else y + x, 0)
        return np.asarray(x.mean(axis=(1, 2)) @ self._last)


def _max_pool_3_2(x: Float32) -> Float32:
    rows, columns = (x.shape[1] - 3) // 2 + 1, (x.shape[2] - 3) // 2 + 1
    views = [x[:, dy : dy + 2 * rows : 2, dx : dx + 2 * columns : 2] for dy in range(3) for dx in range(3)]
    return np.asarray(np.maximum.reduce(views))


def _mean_pool_2(x: Float32) -> Float32:
    rows, columns = (x.shape[1] - 2) // 2 + 1, (x.shape[2] - 2) // 2 + 1
    parts = [x[:, dy : dy + 2 * rows : 2, dx : dx + 2 * columns : 2] for dy in range(2) for dx in range(2)]
    return np.asarray(sum(parts[1:], parts[0]) * np.float32(0.25))


def _sum(a: Float32, b: Float32) -> Float32:
    """dlib's add_prev: the smaller tensor counts as padded with zeros, at the bottom, at the right and in
    channels."""
    shape = tuple(max(one, other) for one, other in zip(a.shape, b.shape, strict=True))
    out = np.zeros(shape, np.float32)
    out[:, : a.shape[1], : a.shape[2], : a.shape[3]] = a
    out[:, : b.shape[1], : b.shape[2], : b.shape[3]] += b
    return out


def _conv(raw: Float32, affine: Float32, *, kernel: int, channels: int, stride: int, padding: int) -> _Conv:
    """A convolution (filters, channels, kernel, kernel) + biases with its affine layer (gains, offsets)
    folded in."""
    filters = affine.size // 2
    taps = channels * kernel * kernel
    if raw.size != filters * taps + filters:
        raise UnknownLayout(f"a convolution has {raw.size} numbers where {filters * taps + filters} were expected")
    weights = raw[: filters * taps].reshape(filters, channels, kernel, kernel).transpose(2, 3, 1, 0)
    gain, offset = affine[:filters], affine[filters:]
    folded = np.ascontiguousarray(weights.reshape(taps, filters) * gain)
    return _Conv(folded, np.asarray(raw[filters * taps :] * gain + offset), kernel, stride, padding)


def _read(data: bytes) -> tuple[list[tuple[Float32, Float32]], Float32]:
    """(convolution, affine) parameter pairs from input to output, and the (256, 128) last matrix.

    A dlib layer is written as its name, then (with some integers for the last one) its parameters: an integer
    2, four integers of shape, little-endian floats. Integers are a length byte and that many bytes.
    """
    tensors: list[tuple[bytes, Float32]] = []
    position = 0
    while match := _LAYER.search(data, position):
        start = match.end()
        if match[2] == b"fc_2":
            for _ in range(2):
                _, start = _integer(data, start)
        values, position = _tensor(data, start)
        tensors.append((match[2], values))
    *layers, (name, last) = tensors or [(b"", np.zeros(0, np.float32))]
    names = [layer for layer, _ in layers]
    expected = [b"con_4", b"affine_"] * (1 + 2 * sum(blocks for _, blocks, _ in _LEVELS))
    if names != expected or name != b"fc_2" or last.size != 256 * DIMENSIONS:
        raise UnknownLayout("the weights file does not hold dlib's 29-layer face network")
    pairs = [(layers[i][1], layers[i + 1][1]) for i in range(0, len(layers), 2)]
    return pairs, last.reshape(256, DIMENSIONS)


def _tensor(data: bytes, start: int) -> tuple[Float32, int]:
    version, start = _integer(data, start)
    size = 1
    for _ in range(4):
        side, start = _integer(data, start)
        size *= side
    if version != 2 or not 0 < size <= (len(data) - start) // 4:
        raise UnknownLayout("a tensor of the weights file is cut off or of another version")
    return np.frombuffer(data, "<f4", size, start).astype(np.float32), start + 4 * size


def _integer(data: bytes, start: int) -> tuple[int, int]:
    if start >= len(data):
        raise UnknownLayout("the weights file ends too early")
    length = data[start] & 15
    value = int.from_bytes(data[start + 1 : start + 1 + length], "little")
    return (-value if data[start] & 128 else value), start + 1 + length
