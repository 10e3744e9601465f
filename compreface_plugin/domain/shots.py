"""Where one shot ends and the next begins, told from the frames that were sampled. Pure.

A plain test of colour histograms over a coarse grid (as in PySceneDetect's histogram detector, made local so that a
person walking through does not count): two sampled frames belong to two shots when most of their cells changed.
It decides only whether boxes may be linked by their place, everything else is decided by the faces themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32, Pixels

GRID = 4  # cells a side
LEVELS = 8  # steps of each colour
SIDE = 64  # pixels a side that are looked at
CUT_AT = 0.2
"""Share of colour that changed, over all cells. On the test clips sampled frames on both sides of a cut lie at 0.25 and
more, those of one shot at 0.15 and less but for a fast pan (0.24), which only costs the help of overlapping boxes."""


def signature(pixels: Pixels) -> Float32:
    """(GRID * GRID, 3 * LEVELS): per cell the histogram of each colour, each summing to 1. `pixels` (H, W, 3) RGB."""
    import numpy as np

    high, wide = pixels.shape[:2]
    rows, columns = np.linspace(0, high - 1, SIDE).astype(int), np.linspace(0, wide - 1, SIDE).astype(int)
    steps = (pixels[np.ix_(rows, columns)] // (256 // LEVELS)).astype(np.int64)
    cell = SIDE // GRID
    cells = steps.reshape(GRID, cell, GRID, cell, 3).transpose(0, 2, 4, 1, 3).reshape(GRID * GRID * 3, cell * cell)
    counts = np.zeros((GRID * GRID * 3, LEVELS), np.float32)
    for row, values in enumerate(cells):
        counts[row] = np.bincount(values, minlength=LEVELS)
    counts /= cell * cell
    return counts.reshape(GRID * GRID, 3 * LEVELS)


def distance(one: Float32, other: Float32) -> float:
    """0 (the same) to 1 (no colour in common anywhere)."""
    import numpy as np

    return float(np.abs(one - other).sum(axis=1).mean() / 6.0)


def shots(signatures: Sequence[Float32]) -> list[int]:
    """The number of the shot of each frame, from 0, in the order of the frames."""
    numbers: list[int] = []
    for index, one in enumerate(signatures):
        if not index:
            numbers.append(0)
        else:
            numbers.append(numbers[-1] + (distance(signatures[index - 1], one) >= CUT_AT))
    return numbers
