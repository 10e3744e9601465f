"""Unit vectors with exact cosines: matching tests need no model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32


def unit_rows(count: int, dimensions: int, seed: int) -> Float32:
    """Random directions (count, dimensions), unit length."""
    rows = np.random.default_rng(seed).standard_normal((count, dimensions)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def embedding_at(base: Float32, cosine: float, seed: int) -> Float32:
    """A unit vector whose cosine with `base` (D,), unit length, is `cosine`."""
    other = np.random.default_rng(seed).standard_normal(base.shape, dtype=np.float32)
    other -= (other @ base) * base
    other /= np.linalg.norm(other)
    return np.asarray(cosine * base + math.sqrt(1.0 - cosine**2) * other, np.float32)
