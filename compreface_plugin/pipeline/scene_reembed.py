"""People of scenes for a new model: their kept crops are embedded, the video is not decoded again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ItemError
from compreface_plugin.domain.faces import DetectionLimits

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32, SeenFace
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.store.scenes import KnownPerson

SMALLEST_FACE_PX = 16.0  # in a crop: the face fills most of it
MIDDLE = 0.5  # a face further off the middle of its crop is another one


def embed_kept(context: Context, known: Sequence[KnownPerson]) -> None:
    """Gives every person an embedding of the engine's model, from the kept sightings; in one transaction.

    A person none of whose sightings the new model finds stays without one. Raises RunError.
    """
    import numpy as np

    store, model_id = context.store, context.engine.info.model_id
    made: list[tuple[int, list[tuple[int, Float32]], Float32]] = []
    for person in known:
        kept = store.scenes.exemplars(person.face.face_id, model_id)
        crops = [each.crop_jpeg for each in kept] or list(store.faces.crops([person.face.face_id]).values())
        weights = [each.weight for each in kept] or [1.0]
        found = {n: face for n, face in enumerate(_embed(context, crops)) if face is not None}
        if found:
            total = np.sum([weights[n] * embedding for n, embedding in found.items()], axis=0)
            template = np.asarray(total / max(1e-9, float(np.linalg.norm(total))), np.float32)
            made.append((person.face.face_id, list(found.items()) if kept else [], template))
    with store.transaction():
        for face_id, sightings, template in made:
            store.faces.add_embedding(face_id, model_id, template)
            store.scenes.add_embeddings(face_id, model_id, sightings)


def _embed(context: Context, crops: Sequence[bytes]) -> list[Float32 | None]:
    """The embedding of the face in the middle of each crop."""
    pictures = [context.decode(crop, "a kept crop") for crop in crops]
    looked = context.engine.look(pictures, DetectionLimits(min_face_px=SMALLEST_FACE_PX)) if pictures else []
    return [None if isinstance(faces, ItemError) else _middle(faces) for faces in looked]


def _middle(faces: Sequence[SeenFace]) -> Float32 | None:
    def off_centre(face: SeenFace) -> float:
        return math.hypot(face.box.x_min + face.box.x_max - 1.0, face.box.y_min + face.box.y_max - 1.0)

    near = [face for face in faces if off_centre(face) < MIDDLE]
    return min(near, key=off_centre).embedding if near else None
