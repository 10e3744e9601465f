"""What people said about faces, and what follows for a verdict. Pure: no store, no model.

A decision holds for the face it was said about (item and box) whatever is rescanned, whatever the thresholds or the
model. It also holds for its neighbourhood: faces that are the same face by the model's own error rates. How near that
is was measured on the LFW development set (`SAME_FACE_FMR`), so that a "not her" costs none of her own faces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import CandidateRecord, Verdict, VerdictRecord
from compreface_plugin.domain.sentences import sentence

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Box, Float32
    from compreface_plugin.domain.operating_points import OperatingPoint
    from compreface_plugin.domain.records import Kind

SAME_FACE_FMR = 1e-6
"""False match rate at which two faces count as one person. Ten rejections of the most similar strangers for each of 100
people block 0 of their 576 other pictures with dlib, light and buffalo_sc (at 1e-5: 6, 1 and 4), while 33, 81 and 92 %
of the rejected stranger's other pictures are covered by one."""
STRICTEST_FMR = 1e-9
"""Beyond this rate copies of a photograph would no longer count as one face, whatever a model's accept point is."""
SAME_PHOTO_SHARE = 1 / 3
"""Of the way from that cosine to 1 that is left: from there on two faces are taken for one photograph. Copies that were
compressed, scaled, cropped, turned or darkened lie above it, 99 % of different pictures of one person below."""
SAME_PLACE_IOU = 0.3
"""Two boxes that share this much, each holding the other's middle, are one face: detectors draw them differently."""
DECIDED = "a person said so"


class Said(str, Enum):
    """What a person says about a face. The values stand in the store."""

    CONFIRMED = "confirmed"  # it is this performer
    NOT_HER = "not this person"
    NOT_A_FACE = "not a face"
    IGNORE = "ignore"  # whoever it is, never ask
    EXAMPLE = "example"  # to be learned from, whatever the rules for choosing say
    NO_EXAMPLE = "no example"  # never to be learned from


SILENCING = (Said.NOT_A_FACE, Said.IGNORE)


@dataclass(frozen=True, slots=True)
class Decision:
    """One saying about one face. Later ones about the same face come after earlier ones and win."""

    kind: Kind
    item_id: int
    box: Box
    said: Said
    performer_id: str | None  # None for what concerns nobody: not a face, ignore
    face_id: int | None
    run_id: str
    decided_at: float
    fingerprint: str = ""  # of the file it was said about; empty when nobody knows
    decision_id: int = 0


@dataclass(frozen=True, slots=True)
class Recollection:
    """What is known about one face after everything that was said."""

    confirmed: str | None = None
    silenced: Said | None = None
    rejected: frozenset[str] = frozenset()

    @property
    def empty(self) -> bool:
        return self.confirmed is None and self.silenced is None and not self.rejected


def recollect(decisions: Iterable[Decision]) -> Recollection:
    """The sum of what was said about one face, oldest first: the last word counts, rejections add up."""
    confirmed: str | None = None
    silenced: Said | None = None
    rejected: set[str] = set()
    for each in decisions:
        if each.said in SILENCING:
            confirmed, silenced = None, each.said
        elif each.said is Said.CONFIRMED and each.performer_id is not None:
            confirmed, silenced = each.performer_id, None
            rejected.discard(each.performer_id)
        elif each.said is Said.NOT_HER and each.performer_id is not None:
            silenced = None
            rejected.add(each.performer_id)
            confirmed = None if confirmed == each.performer_id else confirmed
    return Recollection(confirmed, silenced, frozenset(rejected))


@dataclass(frozen=True, slots=True)
class MemoryRule:
    """How near is near for one model, and how its verdicts are made."""

    same_face_at: float  # cosine
    same_photo_at: float
    review_at: float  # similarity from which a face is proposed, in the gallery at hand
    point: OperatingPoint

    @classmethod
    def of(cls, point: OperatingPoint, review_at: float) -> MemoryRule:
        same_face = same_face_at(point)
        return cls(same_face, same_photo_at(point), review_at, point)


def same_face_at(point: OperatingPoint) -> float:
    """The cosine from which on two faces count as one person; of models that are trusted less, where they accept."""
    from compreface_plugin.domain.operating_points import deviate_of

    rate = max(min(SAME_FACE_FMR, point.accept_fmr), STRICTEST_FMR)
    return min(0.999, point.plain.score(deviate_of(rate)))


def same_photo_at(point: OperatingPoint) -> float:
    """The cosine from which on two faces count as one photograph, above `same_face_at`."""
    return 1.0 - (1.0 - same_face_at(point)) * SAME_PHOTO_SHARE


def same_place(one: Box, other: Box) -> bool:
    """Whether two boxes of one picture are about one face, even when two detectors drew them."""
    return one.iou(other) >= SAME_PLACE_IOU and _holds_middle(one, other) and _holds_middle(other, one)


def _holds_middle(box: Box, other: Box) -> bool:
    x, y = (other.x_min + other.x_max) / 2, (other.y_min + other.y_max) / 2
    return box.x_min <= x <= box.x_max and box.y_min <= y <= box.y_max


def decisions_at(box: Box, boxes: Sequence[Box], decisions: Sequence[Decision]) -> list[Decision]:
    """The decisions that are about the face in `box`, one of the picture's `boxes`, in their order.

    A decision is about the one face that overlaps its box most: in a crowd it never spreads to the neighbour.
    """
    return [
        each
        for each in decisions
        if same_place(box, each.box) and max(boxes, key=each.box.iou, default=box).iou(each.box) <= box.iou(each.box)
    ]


def neighbourhood(embedding: Float32, known: Float32, decisions: Sequence[Decision], rule: MemoryRule) -> Recollection:
    """What follows for a face (D,) from decisions about other faces (N, D), row by row; N may be 0. All unit length.

    "Not her" and "ignore" reach as far as one person does, "not a face" only to copies of the photograph. A rejection
    does not hold where a confirmed face of the same performer is as near.
    """
    if not len(decisions):
        return Recollection()
    alike = known @ embedding
    yes: dict[str, float] = {}
    no: dict[str, float] = {}
    silenced: Said | None = None
    for each, cosine in zip(decisions, alike.tolist(), strict=True):
        if each.said in SILENCING:
            reach = rule.same_photo_at if each.said is Said.NOT_A_FACE else rule.same_face_at
            silenced = each.said if cosine >= reach else silenced
        elif cosine >= rule.same_face_at and each.performer_id is not None:
            side = yes if each.said is Said.CONFIRMED else no
            side[each.performer_id] = max(cosine, side.get(each.performer_id, -1.0))
    rejected = frozenset(who for who, cosine in no.items() if cosine > yes.get(who, -1.0))
    return Recollection(None, None if yes else silenced, rejected)


def apply_memory(
    verdict: VerdictRecord, said: Recollection, rule: MemoryRule, near: Recollection | None = None
) -> VerdictRecord:
    """The verdict that respects what people said about the face (`said`) and about faces like it (`near`).

    A confirmed face is accepted as that performer; not-a-face and ignored faces are named and proposed to nobody;
    rejected performers are no candidates any more. Where the best one was rejected, the next is proposed at most.
    """
    around = near or Recollection()
    if said.confirmed is not None:
        return _confirmed(verdict, said.confirmed, said.rejected)
    silenced = said.silenced or (None if said.rejected else around.silenced)
    if silenced is not None:
        return replace(verdict, verdict=Verdict.IGNORED, reason=f"{DECIDED}: {silenced.value}")
    rejected = said.rejected | around.rejected
    if not any(candidate.performer_id in rejected for candidate in verdict.candidates):
        return verdict
    return _without(verdict, rejected, rule)


def _confirmed(verdict: VerdictRecord, performer_id: str, rejected: frozenset[str]) -> VerdictRecord:
    """Similarity is what was measured, 1 when the performer was not among the candidates."""
    others = [each for each in verdict.candidates if each.performer_id not in {performer_id, *rejected}]
    hers = [each for each in verdict.candidates if each.performer_id == performer_id]
    first = hers[0] if hers else CandidateRecord(performer_id, 0, 1.0)
    return replace(
        verdict, verdict=Verdict.ACCEPT, candidates=(first, *others), reason=f"{DECIDED}: {Said.CONFIRMED.value}"
    )


def _without(verdict: VerdictRecord, rejected: frozenset[str], rule: MemoryRule) -> VerdictRecord:
    left = tuple(each for each in verdict.candidates if each.performer_id not in rejected)
    if not left or left[0].similarity < rule.review_at:
        return replace(
            verdict, verdict=Verdict.UNKNOWN, candidates=left, margin=None, reason=f"{DECIDED}: {Said.NOT_HER.value}"
        )
    lead = _lead(left, rule.point)
    if left[0] != verdict.candidates[0]:
        reason = sentence("reason.rejected")
        return replace(verdict, verdict=Verdict.REVIEW, candidates=left, margin=lead, reason=reason)
    sure = left[0].similarity >= verdict.required and (lead is None or lead >= rule.point.margin)
    outcome = Verdict.ACCEPT if sure else verdict.verdict
    return replace(verdict, verdict=outcome, candidates=left, margin=lead, reason="" if sure else verdict.reason)


def _lead(candidates: Sequence[CandidateRecord], point: OperatingPoint) -> float | None:
    """By how many normal deviates the first leads, None when it is alone."""
    if len(candidates) < 2:
        return None
    scale = point.similarity_scale()
    first, second = (point.plain.deviate(scale.to_cosine(each.similarity)) for each in candidates[:2])
    return first - second
