"""proposals: the faces that wait for a person, each with everything needed to decide. Loads no model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.expectation import expected_wrong
from compreface_plugin.domain.records import Kind, StoredFace
from compreface_plugin.pipeline.held import held_lists
from compreface_plugin.pipeline.model_in_use import ModelInUse, model_in_use
from compreface_plugin.store.proposals import ORDERS, Wanted
from compreface_plugin.tasks.data_uri import data_uri
from compreface_plugin.tasks.face_view import Names, face_view
from compreface_plugin.tasks.item_arg import item_arg
from compreface_plugin.values import bool_arg, ids_arg, int_arg, is_missing, read_choice, str_arg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.store.proposals import Sighting

OTHER_ITEMS = 5  # shown beside a proposal
MOST = 500  # shown in one answer
LONGEST_QUEUE = 10_000  # face ids in one answer


def proposals(context: Context) -> dict[str, Any]:
    """A page (`limit`, `offset`) of faces to review, `by` item or person; other arguments narrow it.

    {"total", "proposals": [...], "pictures": of their candidates, "performers": how many wait for each in all (not
    where items or faces are asked for)}. `idsOnly`: instead of the proposals their "faceIds", for somebody who works
    them off one by one and asks for `faceIds` when their turn comes: pages would move under the decisions. `first`:
    so many proposals all the same.
    """
    model = model_in_use(context)
    args, wanted = context.args, _wanted(context)
    order = read_choice("The argument by", str_arg(args, "by", ORDERS[0]), ORDERS)
    only_ids = bool_arg(args, "idsOnly")
    most, usual = (LONGEST_QUEUE, LONGEST_QUEUE) if only_ids else (MOST, MOST if wanted.face_ids is not None else 20)
    limit, offset = int_arg(args, "limit", usual, minimum=1, maximum=most), int_arg(args, "offset", 0)
    total, face_ids = context.store.proposals.page(model.model_id, order, wanted, limit, offset)
    answer: dict[str, Any] = {"total": total, "by": order, "people": context.store.examples.people()}
    if only_ids:
        answer["faceIds"] = face_ids
        face_ids = face_ids[: int_arg(args, "first", 0, maximum=MOST)]
    if face_ids or not only_ids:
        answer |= _Page(context, model, face_ids, answer["people"]).view()
    if wanted.item_ids is None and wanted.face_ids is None:
        answer["performers"] = _waiting(context, model)
    return answer


def _wanted(context: Context) -> Wanted:
    """What the arguments narrow the list to. Raises SettingsError."""
    args = context.args
    item = item_arg(args)
    kind = item[0] if item is not None else None
    item_ids: tuple[int, ...] | None = (item[1],) if item is not None else None
    if kind is Kind.GALLERY and item_ids is not None:
        kind, item_ids = Kind.IMAGE, tuple(context.library.gallery_image_ids(item_ids[0]))
    if not is_missing(args.get("kind")):
        kind = Kind(read_choice("The argument kind", args["kind"], (Kind.IMAGE.value, Kind.SCENE.value)))
    face_ids = None if is_missing(args.get("faceIds")) else tuple(ids_arg(args, "faceIds"))
    if face_ids is not None and len(face_ids) > MOST:
        raise SettingsError(f"The argument faceIds has {len(face_ids)} ids; allowed are at most {MOST}.")
    return Wanted(str_arg(args, "performerId") or None, kind, item_ids, face_ids)


def _waiting(context: Context, model: ModelInUse) -> list[dict[str, Any]]:
    """Performers by how many faces wait for them."""
    counts = context.store.proposals.waiting(model.model_id)
    names = Names(context).of(list(counts))
    ordered = sorted(counts.items(), key=lambda each: (-each[1], names.get(each[0], "")))
    return [{"performerId": who, "name": names.get(who, ""), "waiting": count} for who, count in ordered]


class _Page:
    """What the proposals of one page share: names, pictures of candidates, what items hold now."""

    def __init__(self, context: Context, model: ModelInUse, face_ids: Sequence[int], people: int) -> None:
        self._context = context
        self._model = model
        self._people = people
        found = (context.store.faces.face(each, model.model_id) for each in face_ids)
        self._faces = [face for face in found if face is not None]
        self._names = Names(context)
        self._sightings: dict[str, list[Sighting]] = {}
        self._crops = context.store.faces.crops([face.face_id for face in self._faces])
        self._held = held_lists(context, [(face.kind, face.item_id) for face in self._faces])
        verdicts = [face.verdict for face in self._faces if face.verdict is not None]
        self._names.of([candidate.performer_id for verdict in verdicts for candidate in verdict.candidates])

    def view(self) -> dict[str, Any]:
        """{"proposals", "pictures": by performer id, each once however many faces may be that performer}."""
        shown = [self._proposal(face) for face in self._faces]
        who = dict.fromkeys(candidate["performerId"] for each in shown for candidate in each["candidates"])
        return {
            "proposals": shown,
            "pictures": {each: data_uri(self._context.store.examples.crop_to_show(each)) for each in who},
        }

    def _proposal(self, face: StoredFace) -> dict[str, Any]:
        """A face as `faces` shows it, with what a decision needs."""
        item = (face.kind, face.item_id)
        held = self._held.lists.get(item, {})
        exists = bool(held) or item in self._held.unread
        view = face_view(face.face_id, face, face.verdict, self._names, held.get("performer_ids", ()))
        for candidate in view["candidates"]:
            candidate["expectedWrongPer1000"] = self._expected_wrong(candidate["similarity"])
        best = face.verdict.best if face.verdict is not None else None
        return {
            **view,
            "faceId": face.face_id,
            "item": {"kind": face.kind.value, "id": str(face.item_id), "exists": exists},
            "crop": data_uri(self._crops.get(face.face_id)),
            "expectedWrongPer1000": self._expected_wrong(best.similarity) if best else None,
            "otherItems": self._other_items(face, best.performer_id) if best else [],
        }

    def _expected_wrong(self, similarity: float) -> float:
        """Of 1,000 faces of strangers, those that would get a name at this similarity; four figures."""
        return float(f"{expected_wrong(self._model.point, similarity, self._people):.4g}")

    def _other_items(self, face: StoredFace, performer_id: str) -> list[dict[str, Any]]:
        """Asked for once a performer: most of a page may be the same one, who stands on thousands of items."""
        if performer_id not in self._sightings:
            found = self._context.store.proposals.sightings(performer_id, self._model.model_id, OTHER_ITEMS + 1)
            self._sightings[performer_id] = found
        here = (face.kind, face.item_id)
        others = [each for each in self._sightings[performer_id] if (each.kind, each.item_id) != here]
        return [
            {
                "kind": Kind(each.kind).value,
                "id": str(each.item_id),
                "faceId": each.face_id,
                "verdict": each.verdict,
                "similarity": round(each.similarity, 4),
            }
            for each in others[:OTHER_ITEMS]
        ]
