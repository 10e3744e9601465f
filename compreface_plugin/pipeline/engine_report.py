"""Two engines on one library: what moved from the one to the other, and what each makes of the known faces.

Both are measured in the same way, every known face held out of its own person (see evidence.py), at the settings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from compreface_plugin.domain.outcomes import Outcome, Rule
from compreface_plugin.pipeline.evidence import ALL, Evidence, gather
from compreface_plugin.pipeline.judge import Judge, current_cohort

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import EngineInfo
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.store.labels import Label

LISTED = 50  # faces named one by one; the others are counted
MOST_UNKNOWN = 5_000  # unknown faces that are asked about


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One engine and what it makes of the known faces."""

    info: EngineInfo
    evidence: Evidence
    rule: Rule

    @classmethod
    def of(cls, context: Context, info: EngineInfo) -> Side:
        evidence = gather(context, info, confirmed_only=False)
        settings = context.settings
        rule = Rule.of(evidence.point, evidence.people, settings.min_similarity, settings.review_similarity)
        return cls(info, evidence, rule)

    def outcomes(self) -> dict[int, tuple[Label, Outcome, str]]:
        """Face id -> the label, what would come of the face, and the nearest other performer."""
        scores = self.evidence.scores
        return {
            label.face_id: (label, self.rule.outcome(float(own), float(other)), rival)
            for label, own, other, rival in zip(
                self.evidence.labels, scores.own, scores.other, scores.other_ids, strict=True
            )
            if label is not None
        }

    def view(self, context: Context) -> dict[str, Any]:
        """How well the engine tells people apart here, and what the settings mean to it."""
        scores, point, settings = self.evidence.scores, self.evidence.point, context.settings
        curve = self.evidence.curve(ALL)
        now = curve.at(settings.min_similarity)
        tested = ~np.isnan(scores.own) & ~np.isnan(scores.other)
        nearer = (scores.own > scores.other)[tested]
        return {
            "pack": self.info.pack,
            "model": self.info.model_id,
            "people": self.evidence.people,
            "samePerson": _spread(curve.same),
            "otherPerson": _spread(curve.other),
            "ownPersonNearest": round(float(nearer.mean()), 4) if len(nearer) else None,
            "recall": None if now.recall is None else round(now.recall, 4),
            "wrongPer1000": None if now.wrong_per_1000 is None else round(now.wrong_per_1000, 2),
            "minSimilarity": settings.min_similarity,
            "required": round(now.required, 4),
            "cosine": round(float(point.similarity_scale().to_cosine(now.required)), 4),
        }


def compare_engines(
    context: Context, old: EngineInfo | None, new: EngineInfo, run_id: str, before: Mapping[str, int]
) -> dict[str, Any]:
    """The report, before the pin moves. `before`: the labels counted at the start. `old` None: there was no engine."""
    kept = context.store.labels.kept(new.model_id)
    after = context.store.labels.count()
    lost = sum(max(0, count - after[what]) for what, count in before.items())
    ours = Side.of(context, new)
    report: dict[str, Any] = {
        "from": None if old is None else old.model_id,
        "to": new.model_id,
        "at": context.clock.now(),
        "runId": run_id,
        "kept": {what: {"crops": crops, "seen": seen} for what, (crops, seen) in kept.items()},
        "labels": {"before": dict(before), "after": after, "lost": lost},
        "unseen": _unseen(context, new.model_id),
        "engines": {"new": ours.view(context)},
    }
    if old is not None and old.model_id != new.model_id:
        theirs = Side.of(context, old)
        report["engines"]["old"] = theirs.view(context)
        report["named"] = _change(theirs, ours, confirmed=False)
        report["confirmed"] = _change(theirs, ours, confirmed=True)
        report["unknown"] = {"old": _unknown(context, old, run_id), "new": _unknown(context, new, run_id)}
    return report


def _change(old: Side, new: Side, *, confirmed: bool) -> dict[str, Any]:
    """Faces that both engines see, and can be tested by both: how many end as before, and where the others go."""
    before, after = old.outcomes(), new.outcomes()
    both = [face for face in before if face in after and (before[face][0].confirmed or not confirmed)]
    tested = [face for face in both if Outcome.UNTESTED not in (before[face][1], after[face][1])]
    changed = [face for face in tested if before[face][1] is not after[face][1]]
    moves = Counter(f"{before[face][1].value}>{after[face][1].value}" for face in changed)
    worse = sorted(changed, key=lambda face: (not after[face][0].confirmed, face))
    alike = len(tested) - len(changed)
    return {
        "faces": len(tested),
        "untested": len(both) - len(tested),
        "alike": alike,
        "agreement": round(alike / len(tested), 4) if tested else None,
        "old": dict(Counter(before[face][1].value for face in tested)),
        "new": dict(Counter(after[face][1].value for face in tested)),
        "moves": dict(moves.most_common()),
        "changed": [
            {
                "faceId": face,
                "kind": after[face][0].kind.value,
                "itemId": after[face][0].item_id,
                "performerId": after[face][0].performer_id,
                "confirmed": after[face][0].confirmed,
                "old": before[face][1].value,
                "new": after[face][1].value,
                "rivalId": after[face][2] or None,
            }
            for face in worse[:LISTED]
        ],
    }


def _unseen(context: Context, model_id: str) -> dict[str, Any]:
    """What has a name and no embedding by this model."""
    labels = context.store.labels
    examples = [each for each in labels.examples(model_id) if each.embedding is None]
    faces = [each for each in labels.faces(model_id) if not each.seen]
    return {
        "examples": len(examples),
        "namedFaces": len(faces),
        "listed": [
            *({"exampleId": each.example_id, "performerId": each.performer_id} for each in examples[:LISTED]),
            *(
                {"faceId": f.face_id, "kind": f.kind.value, "itemId": f.item_id, "performerId": f.performer_id}
                for f in faces[:LISTED]
            ),
        ],
    }


def _unknown(context: Context, info: EngineInfo, run_id: str) -> dict[str, int]:
    """What the engine would do with faces that are unknown now."""
    embeddings = context.store.labels.unknown(info.model_id, MOST_UNKNOWN)
    judge = Judge(context, info, run_id, None, current_cohort(context, info))
    found = Counter(verdict.verdict.value for verdict in judge.verdicts(embeddings))
    return {"faces": len(embeddings), "named": found["accept"], "proposed": found["review"]}


def _spread(similarities: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, Any]:
    """Median and the middle nine tenths; None without any."""
    if not len(similarities):
        return {"faces": 0, "median": None, "low": None, "high": None}
    low, median, high = (round(float(value), 4) for value in np.quantile(similarities, (0.05, 0.5, 0.95)))
    return {"faces": len(similarities), "median": median, "low": low, "high": high}
