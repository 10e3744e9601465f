"""identifyGallery: who is in a gallery, judged over all its images; the gallery gets the people and the tags."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.records import Change, ChangeState, Kind, Op, StoredFace, Verdict
from compreface_plugin.pipeline.findings import ImageFinder
from compreface_plugin.pipeline.image_batch import ImageBatches, PagePlan
from compreface_plugin.pipeline.image_pages import PAGE
from compreface_plugin.pipeline.judge import Judge, frozen_cohort
from compreface_plugin.pipeline.planning import is_plan
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.tags import Tags, open_tags
from compreface_plugin.values import bool_arg, float_arg, int_arg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compreface_plugin.pipeline.context import Context

ENOUGH_IMAGES = 2  # a performer goes on the gallery when accepted on so many images ...
ALONE_AT = 0.97
"""... or on one at this similarity: halfway from the accept point (0.89) to certainty on the logistic scale, where the
false match rate is more than ten times lower for every measured model (docs/thresholds.md)."""


@dataclass(slots=True)
class _Person:
    images: list[int] = field(default_factory=list)
    similarities: list[float] = field(default_factory=list)  # one per accepted image, the best face of it
    proposed_on: list[int] = field(default_factory=list)

    @property
    def goes_on_gallery(self) -> bool:
        return len(self.images) >= ENOUGH_IMAGES or max(self.similarities, default=0.0) >= ALONE_AT


def identify_gallery(context: Context) -> dict[str, Any]:
    """Arguments: galleryId, tagImages (the images get people and tags too), minSimilarity.

    The result stays readable by `galleryResult`, since Stash throws a task's result away.
    """
    gallery_id = int_arg(context.args, "galleryId", 0, minimum=1)
    if context.library.gallery(gallery_id) is None:
        raise SettingsError(f"The argument galleryId is {gallery_id}, and Stash has no such gallery.")
    result = execute(context, "identifyGallery", partial(_identify, context, gallery_id))
    return {**result, **(context.store.meta.get(_key(gallery_id)) or {})}


def gallery_result(context: Context) -> dict[str, Any]:
    """What the last identifyGallery found for `galleryId`: people with images, best and mean similarity, errors."""
    gallery_id = int_arg(context.args, "galleryId", 0, minimum=1)
    kept: dict[str, Any] | None = context.store.meta.get(_key(gallery_id))
    return kept if kept is not None else {"galleryId": str(gallery_id), "people": None}


def _key(gallery_id: int) -> str:
    return f"gallery {gallery_id}"


def _identify(context: Context, gallery_id: int, run: ActiveRun) -> None:
    info = context.engine.info
    with context.store.transaction():
        context.store.runs.pin_engine(run.run_id, info.engine, info.model_id)
    tags = open_tags(context, run.run_id, planned=is_plan(context))
    names = context.library.performer_names()
    judge = Judge(
        context,
        info,
        run.run_id,
        set(names),
        frozen_cohort(context, info, run.run_id),
        min_similarity=float_arg(context.args, "minSimilarity", context.settings.min_similarity),
    )
    run.set_total(context.library.image_count(gallery_id=gallery_id))
    look_only = not bool_arg(context.args, "tagImages")
    batches = ImageBatches(context, run, ImageFinder(context, judge), tags, names, look_only=look_only)
    while page := context.library.image_page(run.cursor, PAGE, gallery_id=gallery_id):
        states = context.store.items.states(Kind.IMAGE, [image.id for image in page])
        batches.work(PagePlan(page, page, states, last=len(page) < PAGE))
        if len(page) < PAGE:
            break
    _conclude(context, run, gallery_id, tags, names)


def _conclude(context: Context, run: ActiveRun, gallery_id: int, tags: Tags, names: Mapping[str, str]) -> None:
    """From the verdicts of this run, which the store has, to people on the gallery. Doing it twice changes nothing."""
    ids = context.library.gallery_image_ids(gallery_id)
    faces = context.store.faces.of_items(Kind.IMAGE, ids, context.engine.info.model_id)
    people = aggregate({image_id: faces[image_id] for image_id in ids})
    on_gallery = [who for who, person in people.items() if person.goes_on_gallery and who in names]
    gallery = context.library.gallery(gallery_id)
    wants = [("performer_ids", who) for who in on_gallery]
    wants += [("tag_ids", tag) for tag in (tags.scanned, tags.matched if on_gallery else None) if tag is not None]
    held = {"performer_ids": gallery.performer_ids, "tag_ids": gallery.tag_ids} if gallery else {}
    wanted_state = ChangeState.PROPOSED if tags.planned else ChangeState.PLANNED
    changes = [
        Change(run.run_id, Kind.GALLERY, str(gallery_id), name, Op.ADD, value, wanted_state)
        for name, value in wants
        if gallery is not None and value not in held[name]
    ]
    states = context.store.items.states(Kind.IMAGE, ids)
    errors = {str(image_id): state.error for image_id, state in states.items() if state.attempts}
    result = {
        "galleryId": str(gallery_id),
        "people": [_view(who, names.get(who, ""), people[who], who in on_gallery) for who in people],
        "errors": errors,
        "runId": run.run_id,
    }
    with context.store.transaction():
        context.store.changes.plan(changes)
        context.store.meta.set(_key(gallery_id), result)
    if changes and not tags.planned:
        context.journal.apply()
    told = ", ".join(f"{names[who]} ({len(people[who].images)} images)" for who in on_gallery)
    context.log.info(f"gallery {gallery_id}: {told or 'nobody'}")


def aggregate(faces: Mapping[int, Sequence[StoredFace]]) -> dict[str, _Person]:
    """People by performer id, most images first. A person counts once an image, with the best face of it."""
    people: dict[str, _Person] = {}
    for image_id, seen in faces.items():
        best: dict[str, float] = {}
        proposed: set[str] = set()
        for face in seen:
            verdict = face.verdict
            if verdict is None or verdict.best is None:
                continue
            who = verdict.best.performer_id
            if verdict.verdict is Verdict.ACCEPT:
                best[who] = max(best.get(who, 0.0), verdict.best.similarity)
            elif verdict.verdict is Verdict.REVIEW:
                proposed.add(who)
        for who, similarity in best.items():
            person = people.setdefault(who, _Person())
            person.images.append(image_id)
            person.similarities.append(similarity)
        for who in proposed - set(best):
            people.setdefault(who, _Person()).proposed_on.append(image_id)
    order = sorted(people, key=lambda who: (-len(people[who].images), -max(people[who].similarities, default=0.0), who))
    return {who: people[who] for who in order}


def _view(who: str, name: str, person: _Person, on_gallery: bool) -> dict[str, Any]:
    found = person.similarities
    return {
        "performerId": who,
        "name": name,
        "imageIds": [str(image_id) for image_id in person.images],
        "proposedOn": [str(image_id) for image_id in person.proposed_on],
        "best": round(max(found), 4) if found else None,
        "mean": round(sum(found) / len(found), 4) if found else None,
        "onGallery": on_gallery,
    }
