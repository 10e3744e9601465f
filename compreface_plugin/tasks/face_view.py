"""A face as the user interface and the reports get it: plain JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import Verdict
from compreface_plugin.domain.sentences import code_of
from compreface_plugin.pipeline.grouping import gates_of
from compreface_plugin.tasks.data_uri import data_uri

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import SeenFace
    from compreface_plugin.domain.records import Kind, StoredFace, VerdictRecord
    from compreface_plugin.pipeline.context import Context


class Names:
    """Performers' names, asked for once per call of the plugin; and what a face must be to get one of its own."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[str, str] = {}
        self.gates = gates_of(context)

    def of(self, performer_ids: Sequence[str]) -> dict[str, str]:
        """Names by id; performers that are gone are absent."""
        missing = [each for each in dict.fromkeys(performer_ids) if each not in self._known]
        if missing:
            self._known.update(self._context.library.performer_names(missing))
        return {each: self._known[each] for each in performer_ids if each in self._known}


def face_view(
    face_id: int,
    face: SeenFace | StoredFace,
    verdict: VerdictRecord | None,
    names: Names,
    on_item: Sequence[str] = (),
) -> dict[str, Any]:
    """`box` in fractions of the upright picture: [x_min, y_min, x_max, y_max]. Similarities and quality are 0..1.
    `newPerson`: unknown, and good enough for `createPerformer`."""
    box = face.box
    view: dict[str, Any] = {
        "id": face_id,
        "box": [round(edge, 5) for edge in (box.x_min, box.y_min, box.x_max, box.y_max)],
        "score": round(face.det_score, 4),
        "quality": round(face.quality.score, 3),
        "qualityReasons": list(face.quality.reasons),
        "sizePx": round(face.quality.size_px),
        "age": face.age,
        "gender": face.gender,
    }
    if verdict is None:
        return {**view, "verdict": None, "candidates": []}
    unknown = verdict.verdict is Verdict.UNKNOWN
    known = names.of([candidate.performer_id for candidate in verdict.candidates])
    best = verdict.best
    return {
        **view,
        "verdict": verdict.verdict.value,
        "similarity": round(best.similarity, 4) if best else None,
        "required": round(verdict.required, 4),
        "margin": None if verdict.margin is None else round(verdict.margin, 4),
        "reason": verdict.reason,
        "reasonCode": code_of(verdict.reason),
        "newPerson": unknown and names.gates.admit(face.quality.size_px, face.quality.score),
        "candidates": [
            {
                "performerId": candidate.performer_id,
                "name": known.get(candidate.performer_id, ""),
                "similarity": round(candidate.similarity, 4),
                "inLibrary": candidate.performer_id in known,
                "onItem": candidate.performer_id in on_item,
            }
            for candidate in verdict.candidates
        ],
    }


def add_crops(context: Context, views: Sequence[dict[str, Any]]) -> None:
    """`crop` of each face as a data URI, None where none is kept."""
    crops = context.store.faces.crops([view["id"] for view in views])
    for view in views:
        view["crop"] = data_uri(crops.get(view["id"]))


def item_view(context: Context, kind: Kind, item_id: int) -> dict[str, Any]:
    """What the store knows of an image or scene apart from its faces."""
    state = context.store.items.states(kind, [item_id]).get(item_id)
    return {
        "kind": kind.value,
        "id": str(item_id),
        "scannedAt": state.scanned_at if state else None,
        "matched": bool(state and state.matched),
        "error": state.error if state else "",
        "attempts": state.attempts if state else 0,
    }
