"""calibrate: what the thresholds mean in one's own library, and which would give so many wrong names in 1,000."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.calibration import Curves, curves
from compreface_plugin.domain.expectation import expected_wrong
from compreface_plugin.domain.records import Verdict
from compreface_plugin.pipeline.model_in_use import ModelInUse, model_in_use
from compreface_plugin.values import bool_arg, float_arg

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from compreface_plugin.pipeline.context import Context

STEPS = 50  # points of the curves that are reported
PROPOSED_FOR = (1.0, 2.0, 5.0, 10.0)  # wrong names per 1,000 faces


def calibrate(context: Context) -> dict[str, Any]:
    """Curves, what the settings mean here, and proposals. `apply` with `wrongPerThousand` writes minSimilarity."""
    model = model_in_use(context)
    examples = context.store.people.gallery(model.model_id, 0)
    embeddings, people = _with_confirmed(context, model, examples.embeddings, list(examples.performer_ids))
    found = curves(embeddings, people)
    settings = context.settings
    result: dict[str, Any] = {
        "model": model.model_id,
        "people": len(set(people)),
        "genuine": len(found.genuine),
        "impostor": len(found.impostor),
        "now": _at(found, model, settings.min_similarity, len(set(people))),
        "review": _at(found, model, settings.review_similarity, len(set(people))),
        "curve": [_at(found, model, step / STEPS, len(set(people))) for step in range(STEPS // 2, STEPS)],
        "proposals": [_proposal(found, model, wrong) for wrong in PROPOSED_FOR],
        "applied": None,
    }
    wanted = float_arg(context.args, "wrongPerThousand", 0.0, maximum=1000.0)
    if wanted and bool_arg(context.args, "apply"):
        result["applied"] = _apply(context, _proposal(found, model, wanted))
    return result


def _with_confirmed(
    context: Context, model: ModelInUse, embeddings: NDArray[np.float32], people: list[str]
) -> tuple[NDArray[np.float32], list[str]]:
    """The enrolled faces and those that people confirmed on items."""
    import numpy as np

    confirmed = [
        (face.embedding, face.verdict.best.performer_id)
        for face in context.store.faces.confirmed(model.model_id)
        if face.embedding is not None
        and face.verdict is not None
        and face.verdict.best is not None
        and face.verdict.verdict is Verdict.ACCEPT
    ]
    if not confirmed:
        return embeddings, people
    return np.concatenate([embeddings, np.stack([each for each, _ in confirmed])]), [
        *people,
        *(who for _, who in confirmed),
    ]


def _at(found: Curves, model: ModelInUse, similarity: float, people: int) -> dict[str, Any]:
    cosine = float(model.point.similarity_scale().to_cosine(similarity))
    share, wrong = found.found(cosine), found.wrong(cosine)
    return {
        "similarity": round(similarity, 4),
        "found": None if share is None else round(share, 4),
        "wrongPerThousand": None if wrong is None else round(1000 * wrong, 2),
        "expectedWrongPerThousand": round(expected_wrong(model.point, similarity, people), 3),
    }


def _proposal(found: Curves, model: ModelInUse, wrong: float) -> dict[str, Any]:
    """`measured` false: too few faces to say; the model's own figures should be believed instead."""
    answer = found.cosine_for(wrong / 1000)
    if answer is None:
        return {"wrongPerThousand": wrong, "minSimilarity": None, "found": None, "measured": False}
    cosine, measured = answer
    share = found.found(cosine)
    return {
        "wrongPerThousand": wrong,
        "minSimilarity": round(float(model.point.similarity_scale().from_cosine(cosine)), 4),
        "found": None if share is None else round(share, 4),
        "measured": measured,
    }


def _apply(context: Context, proposal: dict[str, Any]) -> dict[str, Any]:
    """Writes minSimilarity into Stash's settings of this plugin; refuses what was not measured."""
    if not proposal["measured"]:
        context.log.warning("too few confirmed faces to set a threshold by; nothing was changed")
        return {"changed": False, "reason": "too few confirmed faces"}
    before = context.library.change_setting(context.plugin_id, "minSimilarity", str(proposal["minSimilarity"]))
    context.log.info(f"minSimilarity is {proposal['minSimilarity']} now (it was {before or 'the default'})")
    return {"changed": True, "before": before, "now": proposal["minSimilarity"]}
