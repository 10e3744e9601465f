"""calibration, calibrate: what the thresholds mean in one's own library, as numbers and as a page with curves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import StoreError
from compreface_plugin.pipeline.model_in_use import pinned_info
from compreface_plugin.pipeline.run import execute
from compreface_plugin.pipeline.setting_changes import set_setting
from compreface_plugin.values import bool_arg, choice_arg, float_arg

if TYPE_CHECKING:
    from pathlib import Path

    from compreface_plugin.domain.calibration import Curve, Reading
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.evidence import Evidence

PAGE = "calibration.html"
SETTING = "minSimilarity"  # what `apply` sets
POINTS = tuple(step / 200 for step in range(100, 200))  # thresholds of the curve: 0.5 to 0.995
PROPOSED_FOR = (1.0, 2.0, 5.0, 10.0)  # wrong names per 1,000 faces


def calibration(context: Context) -> dict[str, Any]:
    """The curves of every source, from confirmed faces and enrolled pictures. Writes nothing."""
    return _answer(context, _evidence(context))


def calibrate(context: Context) -> dict[str, Any]:
    """The same with proposals, written as a page into the data folder. `wrongPer1000` with `apply` sets minSimilarity
    by the curve of `source`."""
    from compreface_plugin.pipeline.evidence import ALL, SOURCES
    from compreface_plugin.tasks.calibration_page import page

    wrong = float_arg(context.args, "wrongPer1000", 0.0, maximum=1000.0)
    source = choice_arg(context.args, "source", SOURCES, ALL)
    evidence = _evidence(context)
    answer = _answer(context, evidence)
    answer["proposals"] = [_proposal(evidence.curve(source), each) for each in PROPOSED_FOR]
    path = _write(context.data_dir / PAGE, page(answer, context.clock.now()))
    context.log.info(f"{_sentence(answer)}; curves: {path}")
    apply = wrong > 0 and bool_arg(context.args, "apply")
    applied = _apply(context, _proposal(evidence.curve(source), wrong)) if apply else None
    return {**answer, "report": str(path), "applied": applied}


def _evidence(context: Context) -> Evidence:
    from compreface_plugin.pipeline.evidence import gather

    return gather(context, pinned_info(context), confirmed_only=True)


def _answer(context: Context, evidence: Evidence) -> dict[str, Any]:
    from compreface_plugin.pipeline.evidence import ALL, SOURCES

    settings = context.settings
    sources = [_source(context, evidence, name) for name in SOURCES if name == ALL or len(evidence.rows(name))]
    return {
        "model": evidence.model_id,
        "people": evidence.people,
        "minSimilarity": settings.min_similarity,
        "reviewSimilarity": settings.review_similarity,
        "required": sources[0]["current"]["required"],
        "sources": sources,
    }


def _source(context: Context, evidence: Evidence, name: str) -> dict[str, Any]:
    curve = evidence.curve(name)
    same, other = curve.histogram()
    return {
        "source": name,
        "faces": len(evidence.rows(name)),
        "genuine": len(curve.same),
        "impostor": len(curve.other),
        "enough": curve.enough,
        "message": "" if curve.enough else _too_few(curve),
        "measuredDownTo": _rounded(curve.measured_down_to, 3),
        "current": _view(curve.at(context.settings.min_similarity)),
        "review": _view(curve.at(context.settings.review_similarity)),
        "points": [_view(curve.at(threshold)) for threshold in POINTS],
        "histogram": {"same": same, "other": other},
    }


def _too_few(curve: Curve) -> str:
    from compreface_plugin.domain.calibration import ENOUGH_FACES

    if not curve.people:
        return "nobody is enrolled: run the task Synchronize Performers"
    if curve.people == 1:
        return "one performer is enrolled: there is nobody to be mistaken for"
    return f"{len(curve.other)} faces of known people are too few, {ENOUGH_FACES} are needed: confirm more faces"


def _view(reading: Reading) -> dict[str, Any]:
    return {
        "threshold": reading.threshold,
        "required": round(reading.required, 4),
        "wrongPer1000": _rounded(reading.wrong_per_1000, 2),
        "recall": _rounded(reading.recall, 4),
        "expectedWrongPer1000": round(reading.expected_wrong_per_1000, 3),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _proposal(curve: Curve, wrong: float) -> dict[str, Any]:
    """`measured` false: too few faces to say; the model's own figures should be believed instead."""
    answer = curve.threshold_for(wrong)
    if answer is None:
        return {"wrongPer1000": wrong, "minSimilarity": None, "recall": None, "measured": False}
    reading, measured = answer
    return {
        "wrongPer1000": wrong,
        "minSimilarity": reading.threshold,
        "recall": _rounded(reading.recall, 4),
        "measured": measured,
    }


def _sentence(answer: dict[str, Any]) -> str:
    """What the present threshold does, in one line."""
    everything, threshold = answer["sources"][0], answer["minSimilarity"]
    now = everything["current"]
    if not everything["enough"]:
        return f"minSimilarity {threshold:g}: {everything['message']}"
    found = "" if now["recall"] is None else f", {now['recall']:.1%} of the known people's faces found"
    return (
        f"minSimilarity {threshold:g} with {answer['people']} performers: {now['wrongPer1000']:g} wrong names per "
        f"1,000 faces{found} ({everything['faces']} faces)"
    )


def _write(path: Path, text: str) -> Path:
    """Whole or not at all, readable by its owner alone: the page tells about people."""
    made = path.with_suffix(".part")
    try:
        made.unlink(missing_ok=True)
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
        made.replace(path)
    except OSError as error:
        raise StoreError(f"the page {path} could not be written ({error}); make room or mend its rights") from error
    return path


def _apply(context: Context, proposal: dict[str, Any]) -> dict[str, Any]:
    """Writes minSimilarity into Stash's settings of this plugin, as a run that can be undone; refuses what was not
    measured."""
    if not proposal["measured"]:
        context.log.warning("too few confirmed faces to set a threshold by; nothing was changed")
        return {"changed": False, "reason": "too few confirmed faces"}
    now = proposal["minSimilarity"]
    if now < context.settings.review_similarity:
        context.log.warning(f"{now} lies below reviewSimilarity: lower that first; nothing was changed")
        return {"changed": False, "reason": "below reviewSimilarity"}
    was: list[object] = []
    run = execute(context, "calibrate", lambda run: was.append(set_setting(context, run.run_id, SETTING, str(now))))
    context.log.info(f"minSimilarity is {now} now (it was {was[0] or 'the default'})")
    return {"changed": True, "before": was[0], "now": now, "runId": run["runId"]}
