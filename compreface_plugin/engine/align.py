"""Alignment of a face onto the template its recogniser was trained with. NumPy and Pillow, no OpenCV.

The similarity transform is S. Umeyama, "Least-squares estimation of transformation parameters between two
point patterns", IEEE PAMI 13(4), 1991, without reflection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from compreface_plugin.domain.faces import Float32, Pixels

ARCFACE_112: Float32 = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    np.float32,
)
"""Five points of the ArcFace training crops, 112 x 112 (Deng et al., CVPR 2019; the values InsightFace
publishes)."""

RETAIL_128: Float32 = np.float32(128) * np.array(
    [[0.31557, 0.46157], [0.68262, 0.46157], [0.50263, 0.64053], [0.34947, 0.82469], [0.65344, 0.82469]],
    np.float32,
)
"""Five points of face-reidentification-retail-0095, 128 x 128 (Open Model Zoo, the model's own page)."""


def similarity(source: Float32, target: Float32) -> NDArray[np.float64]:
    """The (2, 3) matrix that moves `source` (N, 2) onto `target` (N, 2) by rotation, one scale and shift.

    Points that all coincide give a shift alone.
    """
    src, dst = source.astype(np.float64), target.astype(np.float64)
    src_mean, dst_mean = src.mean(axis=0), dst.mean(axis=0)
    src_0, dst_0 = src - src_mean, dst - dst_mean
    u, singular, vt = np.linalg.svd(dst_0.T @ src_0 / len(src))
    sign = np.array([1.0, 1.0 if np.linalg.det(u) * np.linalg.det(vt) >= 0 else -1.0])
    variance = src_0.var(axis=0).sum()
    scale = float((singular * sign).sum() / variance) if variance > 0 else 1.0
    linear = scale * (u * sign) @ vt
    return np.concatenate([linear, (dst_mean - linear @ src_mean)[:, None]], axis=1)


def warp(picture: Image.Image, points: Float32, template: Float32, size: int) -> Pixels:
    """(size, size, 3) RGB crop of the face whose (5, 2) `points` are moved onto `template`.

    What lies outside the picture is black, as in the training of these models. A face much larger than the
    crop is first reduced by whole factors, so that bilinear sampling does not alias.
    """
    matrix = similarity(points, template)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    factor = max(1, int(0.7 / max(scale, 1e-6)))
    back = np.linalg.inv(np.vstack([matrix, [0.0, 0.0, 1.0]]))  # crop pixel -> picture pixel
    if factor > 1:
        picture, back = _reduced(picture, back, size, factor)
    data = back[:2].copy()
    # Image.transform samples at pixel centres: it maps (x + 0.5, y + 0.5) and takes 0.5 off again.
    data[:, 2] += 0.5 - 0.5 * (data[:, 0] + data[:, 1])
    out = picture.transform(
        (size, size),
        Image.Transform.AFFINE,
        tuple(data.ravel()),
        resample=Image.Resampling.BILINEAR,
        fillcolor=0,
    )
    return np.asarray(out)


def _reduced(
    picture: Image.Image, back: NDArray[np.float64], size: int, factor: int
) -> tuple[Image.Image, NDArray[np.float64]]:
    """The part of the picture under the crop, reduced by `factor`, and the map into it."""
    corners = back @ np.array([[0, size, 0, size], [0, 0, size, size], [1, 1, 1, 1]], np.float64)
    low = np.floor(corners[:2].min(axis=1)).astype(int) - 2 * factor
    high = np.ceil(corners[:2].max(axis=1)).astype(int) + 2 * factor
    low = np.clip(low, 0, [picture.width - 1, picture.height - 1])
    high = np.clip(high, low + 1, [picture.width, picture.height])
    part = picture.reduce(factor, box=(int(low[0]), int(low[1]), int(high[0]), int(high[1])))
    # Centre of reduced pixel r lies at low + factor * (r + 0.5) - 0.5 in the picture.
    into = np.array(
        [
            [1 / factor, 0, (0.5 - low[0]) / factor - 0.5],
            [0, 1 / factor, (0.5 - low[1]) / factor - 0.5],
            [0, 0, 1],
        ]
    )
    return part, into @ back
