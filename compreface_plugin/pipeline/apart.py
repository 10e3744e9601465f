"""Faces that a person put into different groups are never named alike, by matching as little as by grouping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import StoredFace, Verdict
from compreface_plugin.domain.sentences import sentence

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import SeenFace
    from compreface_plugin.domain.records import VerdictRecord
    from compreface_plugin.store.store import Store

TOLD_APART = sentence("reason.apart")


class Apart:
    """The hand-made groups of the store, read once."""

    def __init__(self, store: Store) -> None:
        self._hands = store.unknown.hands()
        self._owned: dict[str, set[int]] = {}
        for hand, performer_id in store.unknown.hand_owners().items() if self._hands else ():
            self._owned.setdefault(performer_id, set()).add(hand)

    def apply(
        self, faces: Sequence[SeenFace | StoredFace], verdicts: Sequence[VerdictRecord]
    ) -> list[VerdictRecord]:
        """The verdicts, in order, without those that would join what a person divided."""
        if not self._owned:
            return list(verdicts)
        return [self._one(face, verdict) for face, verdict in zip(faces, verdicts, strict=True)]

    def _one(self, face: SeenFace | StoredFace, verdict: VerdictRecord) -> VerdictRecord:
        hand = self._hands.get(face.face_id) if isinstance(face, StoredFace) else None
        if hand is None or verdict.best is None or verdict.verdict not in (Verdict.ACCEPT, Verdict.REVIEW):
            return verdict
        owned = self._owned.get(verdict.best.performer_id)
        if not owned or hand in owned:
            return verdict
        others = tuple(each for each in verdict.candidates if each.performer_id != verdict.best.performer_id)
        return replace(verdict, verdict=Verdict.UNKNOWN, candidates=others, margin=None, reason=TOLD_APART)
