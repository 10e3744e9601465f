"""performerExamples: what a performer is recognised by, the odd ones first; faces added and examples taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.learning import FEWEST_TO_JUDGE, LearningRule, agreement
from compreface_plugin.domain.memory import Said
from compreface_plugin.pipeline.deciding import Word
from compreface_plugin.pipeline.model_in_use import ModelInUse, model_in_use
from compreface_plugin.store.examples import FACE, OWN_PICTURE
from compreface_plugin.tasks.data_uri import data_uri
from compreface_plugin.tasks.decide import carry_out, stored_face
from compreface_plugin.tasks.face_view import Names
from compreface_plugin.values import int_arg, str_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.store.examples import Example


ORIGINS = {OWN_PICTURE: "own picture", FACE: "face"}


def performer_examples(context: Context) -> dict[str, Any]:
    """The examples of `performerId`, odd ones first; without it: the performers that have odd ones, worst first.

    `addFaceId` confirms a face as hers and keeps it as an example; `removeExampleId` takes one away for good. `runId`
    undoes what was done; an own picture, which stands in Stash, is only forgotten (null).
    """
    model = model_in_use(context)
    performer_id = str_arg(context.args, "performerId")
    if not performer_id:
        return _contaminated(context, model)
    add, remove = int_arg(context.args, "addFaceId", 0), int_arg(context.args, "removeExampleId", 0)
    run_id = None
    if add:
        face = stored_face(context, model, add)
        words = [Word(face, said, performer_id) for said in (Said.CONFIRMED, Said.EXAMPLE)]
        run_id, _ = carry_out(context, model, words)
    if remove:
        run_id = _remove(context, model, performer_id, remove)
    views = example_views(context, model, performer_id)
    name = context.library.performer_names([performer_id]).get(performer_id, "")
    return {
        "performerId": performer_id,
        "name": name,
        "examples": views,
        "odd": sum(view["odd"] for view in views),
        "runId": run_id,
    }


def example_views(context: Context, model: ModelInUse, performer_id: str) -> list[dict[str, Any]]:
    """The examples of one performer with their crops, odd ones first, and the item each was seen on."""
    examples = context.store.examples.of_performer(performer_id, model.model_id)
    views = _views(context, model, examples)
    for view in views:
        view["crop"] = data_uri(context.store.people.crop(view["exampleId"]))
        face = None if view["faceId"] is None else context.store.faces.face(view["faceId"], model.model_id)
        view["item"] = None if face is None else {"kind": face.kind.value, "id": str(face.item_id)}
    return views


def _remove(context: Context, model: ModelInUse, performer_id: str, example_id: int) -> str | None:
    """The run that undoes it. A face of an item is barred from being learned again; another picture is only
    forgotten."""
    examples = context.store.examples.of_performer(performer_id, model.model_id)
    found = next((each for each in examples if each.example_id == example_id), None)
    if found is None:
        allowed = ", ".join(str(each.example_id) for each in examples) or "none: there is no example"
        raise SettingsError(f"The argument removeExampleId is {example_id}; allowed for this performer is {allowed}.")
    face = None if found.face_id is None else context.store.faces.face(found.face_id, model.model_id)
    if face is not None:
        return carry_out(context, model, [Word(face, Said.NO_EXAMPLE, performer_id)])[0]
    with context.store.transaction():
        context.store.people.delete_examples([example_id])
    return None


def _views(context: Context, model: ModelInUse, examples: list[Example]) -> list[dict[str, Any]]:
    """Odd ones first, then by how little they agree with the others; `agreement` on the scale of the settings."""
    import numpy as np

    rule = LearningRule.of(model.point, context.settings.min_quality)
    scale = model.point.similarity_scale()
    seen = [each for each in examples if each.embedding is not None]
    rows = np.array([each.embedding for each in seen], np.float32)
    cosines = dict(zip([each.example_id for each in seen], agreement(rows).tolist(), strict=True))
    enough = len(seen) >= FEWEST_TO_JUDGE
    views = []
    for each in examples:
        cosine = cosines.get(each.example_id)
        comparable = cosine is not None and len(seen) > 1
        views.append(
            {
                "exampleId": each.example_id,
                "origin": ORIGINS.get(each.origin, "elsewhere"),
                "faceId": each.face_id,
                "quality": round(each.quality, 3),
                "agreement": round(float(scale.from_cosine(cosine)), 4) if cosine is not None and comparable else None,
                "odd": bool(enough and cosine is not None and cosine < rule.odd_at),
                "seenByModel": cosine is not None,
                "addedAt": each.created_at,
            }
        )
    return sorted(views, key=lambda view: (not view["odd"], view["agreement"] is None, view["agreement"] or 0.0))


def _contaminated(context: Context, model: ModelInUse) -> dict[str, Any]:
    """Performers of whom some examples are probably somebody else's."""
    found = []
    for performer_id in context.store.examples.performers(FEWEST_TO_JUDGE):
        views = _views(context, model, context.store.examples.of_performer(performer_id, model.model_id))
        odd = [view for view in views if view["odd"]]
        if odd:
            found.append((odd[0]["agreement"], performer_id, len(odd), len(views)))
    names = Names(context).of([performer_id for _, performer_id, *_ in found])
    return {
        "performers": [
            {"performerId": who, "name": names.get(who, ""), "odd": odd, "examples": total, "worst": worst}
            for worst, who, odd, total in sorted(found)
        ]
    }
