"""compareFaces: are two performers, or a performer and an image or scene, the same person?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.matching import Gallery, Matcher
from compreface_plugin.pipeline.model_in_use import ModelInUse, model_in_use
from compreface_plugin.tasks.item_arg import item_arg
from compreface_plugin.values import int_arg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compreface_plugin.domain.faces import Float32
    from compreface_plugin.domain.records import Kind
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.store.people import Examples

SAME, UNSURE, DIFFERENT = "same person", "unsure", "different people"


def compare_faces(context: Context) -> dict[str, Any]:
    """`performerId` against `otherId`, `imageId` or `sceneId`: how alike every face of the second is to the first,
    and a verdict.

    Similarities are those that identification would show with the first alone enrolled beside everybody else.
    """
    model = model_in_use(context)
    performer = str(int_arg(context.args, "performerId", 0, minimum=1))
    other, item = int_arg(context.args, "otherId", 0), item_arg(context.args)
    if bool(other) == bool(item):
        raise SettingsError("compareFaces needs the argument otherId, imageId or sceneId, one of them")
    examples = context.store.people.gallery(model.model_id, 0)
    if performer not in examples.performer_ids:
        raise SettingsError(f"The argument performerId is {performer}, and no face of that performer is enrolled.")
    probes = _of(examples, str(other)) if item is None else _of_item(context, model, *item)
    if not len(probes):
        raise SettingsError("there is no face to compare with: enrol the performer, or identify the item first")
    matcher = matcher_of(context, model, examples, without={str(other)})
    found = [_similarity_to(performer, match.candidates) for match in matcher.match(probes)]
    ordered = sorted(found, reverse=True)
    middle = ordered[len(ordered) // 2]
    required, review = float(matcher.required), float(matcher.required_for_review)
    verdict = SAME if middle >= required else UNSURE if middle >= review else DIFFERENT
    return {
        "performerId": performer,
        "verdict": verdict,
        "similarities": [round(each, 4) for each in ordered],
        "best": round(ordered[0], 4),
        "median": round(middle, 4),
        "required": round(required, 4),
        "requiredForReview": round(review, 4),
        "model": model.model_id,
        **({"merge": _mergeable(context, performer, str(other))} if other else {}),
    }


def _mergeable(context: Context, one: str, other: str) -> dict[str, str]:
    """Performer id -> why it cannot go into the other one, "" when it can."""
    from compreface_plugin.domain.unknown import Merge
    from compreface_plugin.pipeline.merging import obstacles_by_hand

    return {gone: obstacles_by_hand(context, Merge(keep, gone)) for keep, gone in ((one, other), (other, one))}


def matcher_of(
    context: Context, model: ModelInUse, examples: Examples, *, without: set[str], top_k: int | None = None
) -> Matcher:
    """Everybody who is enrolled but those left out; with room for every candidate where one is looked for by name."""
    rows = [row for row, who in enumerate(examples.performer_ids) if who not in without]
    people = {examples.performer_ids[row] for row in rows}
    gallery = Gallery.build(
        model.model_id,
        examples.embeddings[rows],
        [examples.subject_ids[row] for row in rows],
        [examples.performer_ids[row] for row in rows],
    )
    settings = context.settings
    return Matcher(
        model.point,
        gallery,
        None,
        min_similarity=settings.min_similarity,
        review_similarity=settings.review_similarity,
        top_k=len(people) if top_k is None else top_k,
    )


def _of(examples: Examples, performer: str) -> Float32:
    return examples.embeddings[[row for row, who in enumerate(examples.performer_ids) if who == performer]]


def _of_item(context: Context, model: ModelInUse, kind: Kind, item_id: int) -> Float32:
    import numpy as np

    faces = context.store.faces.of_items(kind, [item_id], model.model_id)[item_id]
    found = [face.embedding for face in faces if face.embedding is not None]
    return np.stack(found) if found else np.empty((0, 0), np.float32)


def _similarity_to(performer: str, candidates: Sequence[Any]) -> float:
    return next((float(each.similarity) for each in candidates if each.performer_id == performer), 0.0)
