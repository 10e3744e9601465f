"""The server's similarity and its rounding."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from .errors import catch_all


def unit(vector: object) -> np.ndarray:
    """As the API normalises whatever it is given. Raises the catch-all error for a vector without a direction."""
    row = np.asarray(vector, np.float64)
    length = float(np.linalg.norm(row))
    if not length:
        raise catch_all()
    return row / length


def similarity(a: np.ndarray, b: np.ndarray, c0: float, c1: float) -> float:
    """Of two unit vectors, five decimals."""
    distance = float(np.linalg.norm(a - b))
    return rounded((math.tanh((c0 - distance) * c1) + 1.0) / 2.0)


def rounded(value: float, digits: int = 5) -> float:
    """Half up, as Java's BigDecimal does."""
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))
