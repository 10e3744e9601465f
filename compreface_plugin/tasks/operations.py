"""faces: what is known of the faces of one image, answered at once. No model is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import Kind
from compreface_plugin.tasks.face_view import Names, add_crops, face_view, item_view
from compreface_plugin.values import bool_arg, int_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context


def faces(context: Context) -> dict[str, Any]:
    """The faces of `imageId` as they were last seen and judged; `crops` adds them as data URIs."""
    image_id = int_arg(context.args, "imageId", 0, minimum=1)
    pinned = context.store.meta.get("engine") or {}
    stored = context.store.faces.of_items(Kind.IMAGE, [image_id], str(pinned.get("modelId", "")))[image_id]
    names = Names(context)
    image = next(iter(context.library.images([image_id]).records), None)
    on_item = image.performer_ids if image is not None else ()
    views = [face_view(face.face_id, face, face.verdict, names, on_item) for face in stored]
    if bool_arg(context.args, "crops"):
        add_crops(context, views)
    return {"item": item_view(context, Kind.IMAGE, image_id), "faces": views}
