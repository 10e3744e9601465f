"""Finding the face again in a crop that was cut around it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ItemError

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import SeenFace

SMALLEST_FACE_PX = 20.0  # in a crop: it was a face before, so anything found in the middle is it
FARTHEST = 0.5  # from the middle, in fractions of the crop, doubled: beyond lies somebody else


def middle_face(outcome: list[SeenFace] | ItemError) -> SeenFace | None:
    """The face nearest the middle of a crop; None when there is none near it."""
    if isinstance(outcome, ItemError):
        return None

    def off_centre(face: SeenFace) -> float:
        box = face.box
        return math.hypot(box.x_min + box.x_max - 1.0, box.y_min + box.y_max - 1.0)

    near = [face for face in outcome if off_centre(face) < FARTHEST]
    return min(near, key=off_centre, default=None)
