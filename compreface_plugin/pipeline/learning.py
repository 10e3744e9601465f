"""Confirmed faces become examples: which ones is decided anew whenever something is confirmed, rejected or undone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.learning import LearningRule, choose_examples
from compreface_plugin.domain.memory import Decision, Said, recollect
from compreface_plugin.domain.subjects import build_subject_name
from compreface_plugin.store.examples import FACE

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32
    from compreface_plugin.domain.operating_points import OperatingPoint
    from compreface_plugin.domain.records import StoredFace
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.store.examples import Example

TELLING = ("decide", "decideGallery", "clusters", "createPerformerFromImage")  # modes in which people confirm faces


@dataclass(frozen=True, slots=True)
class Learned:
    """What changed among the examples of one performer."""

    added: int
    removed: int
    total: int


class Learner:
    """Keeps the examples of people in step with what was confirmed. Works inside a transaction of the caller."""

    def __init__(self, context: Context, model_id: str, point: OperatingPoint, run_id: str) -> None:
        self._context = context
        self._model_id = model_id
        self._rule = LearningRule.of(point, context.settings.min_quality)
        self._run_id = run_id

    def relearn(self, performer_id: str) -> Learned:
        """Chooses anew among the confirmed faces of a performer. Own pictures, and examples that came from elsewhere,
        stay; faces that were rejected or barred go."""
        import numpy as np

        store = self._context.store
        known = store.examples.of_performer(performer_id, self._model_id)
        words = self._words(performer_id, [each.face_id for each in known if each.face_id is not None])
        confirmed = {face_id for face_id, said in words.items() if said in (Said.CONFIRMED, Said.EXAMPLE)}
        unwanted = {face_id for face_id, said in words.items() if said in (Said.NOT_HER, Said.NO_EXAMPLE)}
        pool = self._pool(sorted(confirmed))
        by_hand = [face for face in pool if words[face.face_id] is Said.EXAMPLE]
        free = [face for face in pool if words[face.face_id] is Said.CONFIRMED and self._is_good(face)]
        spoken = confirmed | unwanted
        fixed = [
            each
            for each in known
            if each.face_id is None or (each.face_id not in spoken and not self._was_told(performer_id, each))
        ]
        rows = [e.embedding for e in fixed if e.embedding is not None] + [_embedding(face) for face in by_hand]
        dimensions = len(_embedding(pool[0])) if pool else 0
        chosen = choose_examples(
            np.array(rows, np.float32).reshape(len(rows), -1) if rows else np.empty((0, dimensions), np.float32),
            np.array([_embedding(face) for face in free], np.float32).reshape(len(free), dimensions),
            [face.quality.score for face in free],
            self._rule,
        )
        wanted = {face.face_id: face for face in [*by_hand, *(free[row] for row in chosen)]}
        there = {each.face_id: each.example_id for each in known if each.face_id is not None}
        kept = {each.example_id for each in fixed}
        gone = [example for face, example in there.items() if face not in wanted and example not in kept]
        store.people.delete_examples(gone)
        added = self._add(performer_id, [face for face_id, face in wanted.items() if face_id not in there])
        return Learned(added, len(gone), len(known) + added - len(gone))

    def _was_told(self, performer_id: str, example: Example) -> bool:
        """Whether it comes from a confirmation: then it goes when nothing confirms it any more. What a performer was
        made of stays."""
        store = self._context.store
        run = store.runs.get(example.created_run)
        told = run is not None and run.mode in TELLING and store.merges.made_by(performer_id) != run.run_id
        return example.created_run == "" or told

    def _words(self, performer_id: str, learned: Sequence[int]) -> dict[int, Said]:
        """The last word about this performer and each face somebody spoke about, `learned` ones among them."""
        decisions = self._context.store.decisions
        said: dict[int, Said] = {}
        spoken = {each.face_id for each in decisions.of_performer(performer_id) if each.face_id is not None}
        for face_id in spoken.union(learned):
            word = last_word(decisions.of_face(face_id), performer_id)
            if word is not None:
                said[face_id] = word
        return said

    def _pool(self, face_ids: Sequence[int]) -> list[StoredFace]:
        found = (self._context.store.faces.face(face_id, self._model_id) for face_id in face_ids)
        return [face for face in found if face is not None and face.embedding is not None]

    def _is_good(self, face: StoredFace) -> bool:
        settings = self._context.settings
        return face.quality.score >= settings.min_quality and face.quality.size_px >= settings.min_face_size

    def _add(self, performer_id: str, faces: Sequence[StoredFace]) -> int:
        store, now = self._context.store, self._context.clock.now()
        crops = store.faces.crops([face.face_id for face in faces])
        faces = [face for face in faces if face.face_id in crops]
        if not faces:
            return 0
        linked = store.people.subjects_of(performer_id)
        name = build_subject_name(performer_id)
        subject = linked[0] if linked else store.people.add_subject(name, performer_id, self._run_id, now)
        for face in faces:
            store.people.add_example(
                subject.subject_id,
                origin=FACE,
                origin_id=str(face.face_id),
                picture_sha=hashlib.sha256(crops[face.face_id]).hexdigest(),
                quality=face.quality.score,
                crop=crops[face.face_id],
                model_id=self._model_id,
                embedding=_embedding(face),
                run_id=self._run_id,
                now=now,
            )
        return len(faces)


def last_word(decisions: Sequence[Decision], performer_id: str) -> Said | None:
    """What learning has to respect about one face and one performer, from everything said about the face.

    CONFIRMED, EXAMPLE, NO_EXAMPLE or NOT_HER (which then also stands for any word that says it is not her); None when
    nothing was said that concerns the two.
    """
    sum_of_all = recollect(decisions)
    about = [each for each in decisions if each.performer_id == performer_id]
    by_hand = [each.said for each in about if each.said in (Said.EXAMPLE, Said.NO_EXAMPLE)]
    if sum_of_all.confirmed == performer_id:
        return by_hand[-1] if by_hand else Said.CONFIRMED
    if performer_id in sum_of_all.rejected or sum_of_all.silenced is not None:
        return Said.NOT_HER
    if sum_of_all.confirmed is not None:
        return Said.NOT_HER if about else None
    return by_hand[-1] if by_hand else None


def _embedding(face: StoredFace) -> Float32:
    assert face.embedding is not None  # noqa: S101 - the pool holds no other
    return face.embedding
