"""What came of images: faces looked at anew or known from the store, and the verdicts about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ItemError, MediaUnavailable
from compreface_plugin.domain.faces import DetectionLimits, SeenFace
from compreface_plugin.domain.records import Kind, Look, StoredFace, Verdict, VerdictRecord
from compreface_plugin.domain.unknown import is_lasting
from compreface_plugin.domain.worked import Step
from compreface_plugin.pipeline.apart import Apart
from compreface_plugin.pipeline.clips import ClipFinder, ClipSkipped
from compreface_plugin.pipeline.look import look_at
from compreface_plugin.pipeline.memory import JudgedItem

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.judge import Judge
    from compreface_plugin.stash.records import ImageRecord, ScannedRecord
    from compreface_plugin.store.scenes import KnownPerson, SeenPerson

MATCHING_SHARE = 2 / 3  # of minFaceSize: matching goes down to it (the settings table)


@dataclass(slots=True)
class Finding:
    """One image: faces looked at anew, or known ones, or an error; then verdicts in the same order.

    Of a clip the faces are those of its people."""

    image: ImageRecord
    seen: Sequence[SeenFace] | None = None
    known: Sequence[StoredFace] = ()
    people: Sequence[SeenPerson | KnownPerson] = ()
    error: ItemError | None = None
    skipped: bool = False
    verdicts: list[VerdictRecord] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        return Kind.IMAGE

    @property
    def item(self) -> ImageRecord:
        return self.image

    @property
    def faces(self) -> Sequence[SeenFace | StoredFace]:
        return self.known if self.seen is None else self.seen

    def changed_verdicts(self, ids: Sequence[int]) -> list[tuple[int, VerdictRecord]]:
        """(face id, verdict) of the faces whose verdict is not what the store has: a second pass writes nothing."""
        before = {face.face_id: face.verdict for face in self.known}
        pairs = zip(ids, self.verdicts, strict=True)
        return [(face_id, verdict) for face_id, verdict in pairs if not verdict.says_the_same(before.get(face_id))]

    @property
    def named(self) -> tuple[str, ...]:
        """Performer ids accepted for at least one face, in order of the faces."""
        accepted = (v.best for v in self.verdicts if v.verdict is Verdict.ACCEPT)
        return tuple(dict.fromkeys(best.performer_id for best in accepted if best is not None))


def unreadable(item: ScannedRecord) -> MediaUnavailable:
    """Of an item that Stash cannot tell about."""
    return MediaUnavailable(f"{item.name}: Stash cannot read it ({item.trouble})")


class ImageFinder:
    """Looks at images with one engine and judges what it sees."""

    def __init__(self, context: Context, judge: Judge) -> None:
        self._context = context
        self._judge = judge
        self._info = context.engine.info
        self._apart = Apart(context.store)
        self._limits = DetectionLimits(min_face_px=context.settings.min_face_size * MATCHING_SHARE)
        self._clips = ClipFinder(context, judge, self._limits)

    def known(self, images: Sequence[ImageRecord]) -> set[int]:
        """Ids of images whose faces the store has: by this model, of these very bytes, down to the size asked for."""
        looks = self._context.store.items.looks(Kind.IMAGE, [image.id for image in images], self._info.model_id)
        return {
            image.id
            for image in images
            if (look := looks.get(image.id)) is not None
            and look.fingerprint == self._fingerprint(image)
            and look.min_face_px <= self._limits.min_face_px
        }

    def find(self, images: Sequence[ImageRecord], known: set[int]) -> list[Finding]:
        """One finding per image, in order, with verdicts. Raises RunError and Cancelled, never ItemError."""
        with self._context.steps.of(Step.STORE, things=0):
            stored = self._context.store.faces.of_items(
                Kind.IMAGE, [image.id for image in images if image.id in known], self._info.model_id
            )
        found: dict[int, Finding] = {}
        for image in images:
            if image.trouble:
                found[image.id] = Finding(image, error=unreadable(image))
            elif image.is_clip:
                found[image.id] = self._clip(image, image.id in known)
            elif image.id in known:
                found[image.id] = Finding(image, known=self._large_enough(stored[image.id]))
        found.update(self._look([image for image in images if image.id not in found]))
        findings = [found[image.id] for image in images]
        with self._context.steps.of(Step.MATCH, sum(len(finding.faces) for finding in findings)):
            self._judge_all(findings)
        return findings

    def keep(self, finding: Finding, run_id: str, now: float) -> list[int]:
        """Inside a transaction: stores what was seen and returns the ids of the faces, in their order."""
        if finding.seen is None:
            return [face.face_id for face in finding.known]
        store, info, item_id = self._context.store, self._info, finding.image.id
        if finding.image.is_clip:
            ids = self._clips.keep(finding.image, finding.people, run_id)
        else:
            ids = store.faces.replace(
                Kind.IMAGE,
                item_id,
                finding.seen,
                model_id=info.model_id,
                detector_id=info.detector_id,
                run_id=run_id,
            )
        look = Look(item_id, self._fingerprint(finding.image), self._limits.min_face_px, len(ids))
        store.items.save_look(Kind.IMAGE, look, info.model_id, now)
        return ids

    def _fingerprint(self, image: ImageRecord) -> str:
        return self._clips.fingerprint(image) if image.is_clip else image.fingerprint

    def _clip(self, image: ImageRecord, known: bool) -> Finding:
        if known:
            kept = self._clips.known(image)
            return Finding(image, known=[person.face for person in kept], people=kept)
        seen = self._clips.look(image)
        if isinstance(seen, ItemError):
            return Finding(image, error=seen, skipped=isinstance(seen, ClipSkipped))
        return Finding(image, seen=[person.face for person in seen], people=seen)

    def _look(self, images: Sequence[ImageRecord]) -> dict[int, Finding]:
        context = self._context
        looked = look_at(
            images, context.load_picture, context.engine, self._limits, context.cancel, lambda i: i.megapixels
        )
        return {
            image.id: Finding(image, error=outcome) if isinstance(outcome, ItemError) else Finding(image, seen=outcome)
            for image, outcome in looked
        }

    def _large_enough(self, faces: Sequence[StoredFace]) -> list[StoredFace]:
        return [f for f in faces if f.quality.size_px >= self._limits.min_face_px and f.embedding is not None]

    def _judge_all(self, findings: Sequence[Finding]) -> None:
        stills = [finding for finding in findings if not finding.people]
        embeddings = [face.embedding for finding in stills for face in finding.faces if face.embedding is not None]
        verdicts = iter(self._judge.verdicts(embeddings))
        for finding in findings:
            new = self._clips.settle(finding.people) if finding.people else islice(verdicts, len(finding.faces))
            finding.verdicts = [self._lasting(face) or fresh for face, fresh in zip(finding.faces, new, strict=True)]
        remembered = self._judge.memory.apply(Kind.IMAGE, [_judged(finding) for finding in findings])
        for finding, final in zip(findings, remembered, strict=True):
            finding.verdicts = self._apart.apply(finding.faces, final)

    def _lasting(self, face: SeenFace | StoredFace) -> VerdictRecord | None:
        """The verdict a face has from grouping, while its performer exists."""
        if isinstance(face, SeenFace) or face.verdict is None or face.verdict.best is None:
            return None
        kept = face.verdict
        lasts = is_lasting(kept.verdict, kept.reason) and self._judge.knows(face.verdict.best.performer_id)
        return kept if lasts else None


def _judged(finding: Finding) -> JudgedItem:
    faces, image = finding.faces, finding.image
    return JudgedItem(
        image.id,
        image.fingerprint,
        [face.box for face in faces],
        [face.embedding for face in faces],
        finding.verdicts,
        moving=image.is_clip,
    )
