"""Arrays as blobs: float32, little endian, C order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compreface_plugin.domain.faces import Float32


def to_blob(array: Float32) -> bytes:
    """Any float32 array to bytes; the shape is not kept."""
    import numpy as np

    return np.ascontiguousarray(array, dtype="<f4").tobytes()


def from_blob(blob: bytes) -> Float32:
    """The bytes as a read-only float32 vector (D,)."""
    import numpy as np

    return np.frombuffer(blob, dtype="<f4")


def stack(blobs: Sequence[bytes], dimensions: int) -> Float32:
    """Many vectors of one length as one matrix (N, D); N may be 0. `dimensions` 0: as long as the blobs are."""
    import numpy as np

    dimensions = dimensions or (len(blobs[0]) // 4 if blobs else 0)
    return np.frombuffer(b"".join(blobs), dtype="<f4").reshape(len(blobs), dimensions)
