"""compareFaces and duplicatePerformers: are two performers, or a performer and an image, the same person?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.matching import Gallery, Matcher
from compreface_plugin.domain.records import Kind
from compreface_plugin.pipeline.model_in_use import ModelInUse, model_in_use
from compreface_plugin.values import int_arg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compreface_plugin.domain.faces import Float32
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.store.people import Examples

SAME, UNSURE, DIFFERENT = "same person", "unsure", "different people"
RIVALS = 3  # people looked at beside a performer's own self


def compare_faces(context: Context) -> dict[str, Any]:
    """`performerId` against `otherId` or `imageId`: similarity of every face of the second to the first, and a verdict.

    Similarities are those that identification would show with the first alone enrolled beside everybody else.
    """
    model = model_in_use(context)
    performer = str(int_arg(context.args, "performerId", 0, minimum=1))
    other, image_id = int_arg(context.args, "otherId", 0), int_arg(context.args, "imageId", 0)
    if bool(other) == bool(image_id):
        raise SettingsError("compareFaces needs the argument otherId or imageId, one of them")
    examples = context.store.people.gallery(model.model_id, 0)
    if performer not in examples.performer_ids:
        raise SettingsError(f"The argument performerId is {performer}, and no face of that performer is enrolled.")
    probes = _of(examples, str(other)) if other else _of_image(context, model, image_id)
    if not len(probes):
        raise SettingsError("there is no face to compare with: enrol the performer, or identify the image first")
    matcher = _matcher(context, model, examples, without={str(other)})
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
    }


def duplicate_performers(context: Context) -> dict[str, Any]:
    """Pairs of performers whose enrolled faces look like one person, most alike first (`limit`)."""
    model = model_in_use(context)
    limit = int_arg(context.args, "limit", 50, minimum=1, maximum=1000)
    examples = context.store.people.gallery(model.model_id, 0)
    matcher = _matcher(context, model, examples, without=set(), top_k=RIVALS)
    best: dict[tuple[str, str], list[float]] = {}
    for mine, match in zip(examples.performer_ids, matcher.match(examples.embeddings), strict=True):
        for candidate in match.candidates:
            if candidate.performer_id != mine and candidate.similarity >= matcher.required_for_review:
                pair = (min(mine, candidate.performer_id, key=int), max(mine, candidate.performer_id, key=int))
                best.setdefault(pair, []).append(float(candidate.similarity))
    ordered = sorted(best, key=lambda pair: (-max(best[pair]), pair))[:limit]
    names = context.library.performer_names(sorted({who for pair in ordered for who in pair}))
    return {
        "pairs": [
            {
                "performerIds": list(pair),
                "names": [names.get(who, "") for who in pair],
                "best": round(max(best[pair]), 4),
                "faces": len(best[pair]),
                "verdict": SAME if max(best[pair]) >= matcher.required else UNSURE,
            }
            for pair in ordered
        ],
        "model": model.model_id,
    }


def _matcher(
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


def _of_image(context: Context, model: ModelInUse, image_id: int) -> Float32:
    import numpy as np

    faces = context.store.faces.of_items(Kind.IMAGE, [image_id], model.model_id)[image_id]
    found = [face.embedding for face in faces if face.embedding is not None]
    return np.stack(found) if found else np.empty((0, 0), np.float32)


def _similarity_to(performer: str, candidates: Sequence[Any]) -> float:
    return next((float(each.similarity) for each in candidates if each.performer_id == performer), 0.0)
