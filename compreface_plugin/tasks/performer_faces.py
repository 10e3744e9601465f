"""performerFaces: everything the page of one performer shows, in one answer. No model is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.pipeline.model_in_use import ModelInUse, model_in_use
from compreface_plugin.tasks.examples import example_views
from compreface_plugin.tasks.face_view import Names, add_crops, face_view
from compreface_plugin.values import int_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

KINDS = {"image": "images", "scene": "scenes"}


def performer_faces(context: Context) -> dict[str, Any]:
    """What `performerId` is recognised by, on how many items she was recognised, on how many Stash has her, and a page
    (`limit`, `offset`) of her faces, best first."""
    model = model_in_use(context)
    performer_id = str(int_arg(context.args, "performerId", 0, minimum=1))
    use = context.library.performer_use(performer_id)
    if use is None:
        raise SettingsError(f"The argument performerId is {performer_id}, and Stash has no such performer.")
    recognised = context.store.recognised.items(performer_id, model.model_id)
    examples = example_views(context, model, performer_id)
    total, faces = _faces(context, model, performer_id)
    return {
        "performerId": performer_id,
        "name": use.record.name,
        "examples": examples,
        "odd": sum(each["odd"] for each in examples),
        "recognised": {word: recognised.get(kind, 0) for kind, word in KINDS.items()},
        "inStash": {"images": use.images, "scenes": use.scenes, "galleries": use.galleries},
        "waiting": context.store.proposals.waiting(model.model_id).get(performer_id, 0),
        "faces": faces,
        "total": total,
    }


def _faces(context: Context, model: ModelInUse, performer_id: str) -> tuple[int, list[dict[str, Any]]]:
    limit = int_arg(context.args, "limit", 24, minimum=1, maximum=200)
    offset = int_arg(context.args, "offset", 0, minimum=0)
    total, ids = context.store.recognised.page(performer_id, model.model_id, limit, offset)
    found = [f for each in ids if (f := context.store.faces.face(each, model.model_id)) is not None]
    names = Names(context)
    names.of([c.performer_id for face in found if face.verdict for c in face.verdict.candidates])
    views = [
        {
            **face_view(face.face_id, face, face.verdict, names),
            "item": {"kind": face.kind.value, "id": str(face.item_id)},
        }
        for face in found
    ]
    add_crops(context, views)
    return total, views
