"""proposals: the faces that wait for a person, each with everything needed to decide. Loads no model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.expectation import expected_wrong
from compreface_plugin.domain.records import Kind, StoredFace
from compreface_plugin.pipeline.held import held_lists
from compreface_plugin.pipeline.model_in_use import ModelInUse, model_in_use
from compreface_plugin.store.proposals import ORDERS
from compreface_plugin.tasks.data_uri import data_uri
from compreface_plugin.tasks.face_view import Names, face_view
from compreface_plugin.values import int_arg, read_choice, str_arg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compreface_plugin.pipeline.context import Context

OTHER_ITEMS = 5  # shown beside a proposal


def proposals(context: Context) -> dict[str, Any]:
    """A page (`limit`, `offset`) of faces to review, `by` item or person; `performerId`, `imageId` narrow it.

    {"total", "proposals": [...], "performers": how many wait for each (without `performerId` and `imageId`)}.
    """
    model = model_in_use(context)
    args = context.args
    order = read_choice("The argument by", str_arg(args, "by", ORDERS[0]), ORDERS)
    performer_id, image_id = str_arg(args, "performerId") or None, int_arg(args, "imageId", 0)
    total, face_ids = context.store.proposals.page(
        model.model_id,
        order=order,
        performer_id=performer_id,
        image_id=image_id or None,
        limit=int_arg(args, "limit", 20, minimum=1, maximum=500),
        offset=int_arg(args, "offset", 0),
    )
    faces = [f for each in face_ids if (f := context.store.faces.face(each, model.model_id)) is not None]
    page = _Page(context, model, faces)
    answer: dict[str, Any] = {
        "total": total,
        "by": order,
        "people": page.people,
        "proposals": [page.view(face) for face in faces],
    }
    if performer_id is None and not image_id:
        answer["performers"] = page.waiting()
    return answer


class _Page:
    """What the proposals of one page share: names, pictures of candidates, what items hold now."""

    def __init__(self, context: Context, model: ModelInUse, faces: Sequence[StoredFace]) -> None:
        self._context = context
        self._model = model
        self._names = Names(context)
        self._pictures: dict[str, str | None] = {}
        self._crops = context.store.faces.crops([face.face_id for face in faces])
        self._held = held_lists(context, [(face.kind, face.item_id) for face in faces])
        self.people = context.store.examples.people()
        verdicts = [face.verdict for face in faces if face.verdict is not None]
        self._names.of([candidate.performer_id for verdict in verdicts for candidate in verdict.candidates])

    def view(self, face: StoredFace) -> dict[str, Any]:
        """A face as `faces` shows it, with what a decision needs."""
        held = self._held.get((face.kind, face.item_id), {})
        view = face_view(face.face_id, face, face.verdict, self._names, held.get("performer_ids", ()))
        for candidate in view["candidates"]:
            candidate["picture"] = self._picture(candidate["performerId"])
            candidate["expectedWrongPer1000"] = self._expected_wrong(candidate["similarity"])
        best = face.verdict.best if face.verdict is not None else None
        return {
            **view,
            "faceId": face.face_id,
            "item": {"kind": face.kind.value, "id": str(face.item_id), "exists": bool(held)},
            "crop": data_uri(self._crops.get(face.face_id)),
            "expectedWrongPer1000": self._expected_wrong(best.similarity) if best else None,
            "otherItems": self._other_items(face, best.performer_id) if best else [],
        }

    def waiting(self) -> list[dict[str, Any]]:
        """Performers by how many faces wait for them."""
        counts = self._context.store.proposals.waiting(self._model.model_id)
        names = self._names.of(list(counts))
        ordered = sorted(counts.items(), key=lambda each: (-each[1], names.get(each[0], "")))
        return [{"performerId": who, "name": names.get(who, ""), "waiting": count} for who, count in ordered]

    def _picture(self, performer_id: str) -> str | None:
        if performer_id not in self._pictures:
            self._pictures[performer_id] = data_uri(self._context.store.examples.crop_to_show(performer_id))
        return self._pictures[performer_id]

    def _expected_wrong(self, similarity: float) -> float:
        """Of 1,000 faces of strangers, those that would get a name at this similarity; four figures."""
        return float(f"{expected_wrong(self._model.point, similarity, self.people):.4g}")

    def _other_items(self, face: StoredFace, performer_id: str) -> list[dict[str, Any]]:
        found = self._context.store.proposals.sightings(
            performer_id, self._model.model_id, (face.kind, face.item_id), OTHER_ITEMS
        )
        return [
            {
                "kind": Kind(each.kind).value,
                "id": str(each.item_id),
                "faceId": each.face_id,
                "verdict": each.verdict,
                "similarity": round(each.similarity, 4),
            }
            for each in found
        ]
