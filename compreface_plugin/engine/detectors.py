"""Decoding of the detectors' raw outputs: SCRFD and YuNet. Pure NumPy; running the network is somebody
else's job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from compreface_plugin.engine.geometry import Found, join, nothing
from compreface_plugin.engine.views import Reach

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32, Pixels

SCRFD_SCORE = 0.5
"""The value InsightFace works with."""
SCRFD_REACH = Reach(
    smallest_px=20.0,
    whole_side=640,
    tile_side=1280,
    padded_side=192,
    turned_side=320,
    step=64,
    tile_step=64,
    turned_score=0.65,
    tile_score=0.0,
    shrinks=False,
    close_side=160,
    doubtful=0.72,
    unproven=0.72,
)
YUNET_OUTPUTS = tuple(f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32))
"""In the order of the network."""
YUNET_SCORE = 0.7
"""OpenCV's sample uses 0.9 on web-cam pictures; see docs/decisions/0012 for the counts behind 0.7."""
YUNET_REACH = Reach(
    smallest_px=20.0,
    whole_side=640,
    tile_side=960,
    padded_side=192,
    turned_side=320,
    step=160,
    tile_step=320,
    turned_score=0.87,
    tile_score=0.0,
    shrinks=False,
    close_side=320,
    doubtful=0.92,
    unproven=0.88,
)
"""Few canvas shapes, because OpenVINO compiles the network once for each."""


def scrfd_input(canvas: Pixels) -> Float32:
    """(1, 3, H, W) RGB, (x - 127.5) / 128. The networks in the packs take one picture a call."""
    return np.ascontiguousarray(((canvas.astype(np.float32) - 127.5) / 128.0).transpose(2, 0, 1)[None])


def scrfd_faces(outputs: Sequence[Float32], width: int, height: int, threshold: float = SCRFD_SCORE) -> Found:
    """Faces from SCRFD's outputs for one canvas (Guo et al., "Sample and computation redistribution for
    efficient face detection", ICLR 2022): per stride scores (n, 1), distances to the four sides (n, 4) and to
    the five points (n, 10), in that order; 6 outputs (no points, 3 strides) are refused, packs for
    recognition always have them.
    """
    strides = (8, 16, 32) if len(outputs) == 9 else (8, 16, 32, 64, 128)
    levels = len(strides)
    parts = []
    for level, stride in enumerate(strides):
        scores = outputs[level].reshape(-1)
        rows = np.flatnonzero(scores >= threshold)
        if rows.size == 0:
            continue
        cells = (height // stride) * (width // stride)
        per_cell = max(1, scores.size // cells)
        cell = rows // per_cell
        columns = width // stride
        centre = np.stack([cell % columns, cell // columns], axis=1).astype(np.float32) * stride
        sides = outputs[levels + level].reshape(-1, 4)[rows] * stride
        points = outputs[2 * levels + level].reshape(-1, 5, 2)[rows] * stride + centre[:, None]
        boxes = np.concatenate([centre - sides[:, :2], centre + sides[:, 2:]], axis=1)
        parts.append(Found(boxes.astype(np.float32), points.astype(np.float32), scores[rows].astype(np.float32)))
    return join(parts) if parts else nothing()


def yunet_input(canvas: Pixels) -> Float32:
    """(1, 3, H, W) BGR 0-255."""
    return np.ascontiguousarray(canvas[:, :, ::-1].astype(np.float32).transpose(2, 0, 1)[None])


def yunet_faces(outputs: dict[str, Float32], width: int, height: int, threshold: float = YUNET_SCORE) -> Found:
    """Faces from YuNet's outputs (Wu, Peng, Yu, "YuNet: a tiny millisecond-level face detector", 2023), named
    cls_S, obj_S, bbox_S, kps_S for the strides 8, 16, 32; the score is the geometric mean of cls and obj."""
    parts = []
    for stride in (8, 16, 32):
        product = outputs[f"cls_{stride}"].reshape(-1).clip(0, 1) * outputs[f"obj_{stride}"].reshape(-1).clip(0, 1)
        scores = np.sqrt(product)
        rows = np.flatnonzero(scores >= threshold)
        if rows.size == 0:
            continue
        columns = width // stride
        cell = np.stack([rows % columns, rows // columns], axis=1).astype(np.float32)
        raw = outputs[f"bbox_{stride}"].reshape(-1, 4)[rows]
        middle, half = (cell + raw[:, :2]) * stride, np.exp(raw[:, 2:]) * stride / 2
        points = (outputs[f"kps_{stride}"].reshape(-1, 5, 2)[rows] + cell[:, None]) * stride
        boxes = np.concatenate([middle - half, middle + half], axis=1)
        parts.append(Found(boxes.astype(np.float32), points.astype(np.float32), scores[rows].astype(np.float32)))
    return join(parts) if parts else nothing()
