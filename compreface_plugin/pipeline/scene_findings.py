"""What came of a scene: people looked at anew or known from the store, and the verdicts about them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ItemError
from compreface_plugin.domain.faces import DetectionLimits
from compreface_plugin.domain.memory import same_face_at
from compreface_plugin.domain.operating_points import operating_point
from compreface_plugin.domain.records import Kind, Look, StoredFace, Verdict, VerdictRecord
from compreface_plugin.domain.tracks import LinkRule
from compreface_plugin.domain.unknown import is_lasting
from compreface_plugin.domain.worked import Step
from compreface_plugin.pipeline.apart import Apart
from compreface_plugin.pipeline.findings import MATCHING_SHARE, unreadable
from compreface_plugin.pipeline.memory import JudgedItem
from compreface_plugin.pipeline.scene_look import SceneLooker, Tell
from compreface_plugin.pipeline.scene_reembed import embed_kept
from compreface_plugin.pipeline.voters import Voters, people_to_keep

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import SeenFace
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.judge import Judge
    from compreface_plugin.stash.scenes import SceneRecord
    from compreface_plugin.store.scenes import KnownPerson, SeenPerson

LOOK_FRAMES, LOOK_SPRITES, LOOK_TILES = "frames", "sprites", "tiles"


@dataclass(slots=True)
class SceneFinding:
    """One scene: people seen anew, or known ones, or an error; then verdicts in the same order."""

    scene: SceneRecord
    seen: list[SeenPerson] | None = None
    known: Sequence[KnownPerson] = ()
    way: str = ""  # how it was looked at
    error: ItemError | None = None
    skipped: bool = False
    frames: int = 0
    verdicts: list[VerdictRecord] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        return Kind.SCENE

    @property
    def item(self) -> SceneRecord:
        return self.scene

    @property
    def people(self) -> Sequence[SeenPerson | KnownPerson]:
        return self.known if self.seen is None else self.seen

    @property
    def faces(self) -> list[SeenFace | StoredFace]:
        return [person.face for person in self.people]

    def changed_verdicts(self, ids: Sequence[int]) -> list[tuple[int, VerdictRecord]]:
        """(face id, verdict) of the people whose verdict is not what the store has: a second pass writes nothing."""
        before = {person.face.face_id: person.face.verdict for person in self.known}
        pairs = zip(ids, self.verdicts, strict=True)
        return [(face_id, verdict) for face_id, verdict in pairs if not verdict.says_the_same(before.get(face_id))]

    @property
    def named(self) -> tuple[str, ...]:
        """Performer ids accepted for at least one person, those seen most often first."""
        accepted = (v.best for v in self.verdicts if v.verdict is Verdict.ACCEPT)
        return tuple(dict.fromkeys(best.performer_id for best in accepted if best is not None))


class SceneFinder:
    """Looks at scenes with one engine and judges whom it sees. `sprites`: by Stash's preview pictures."""

    def __init__(self, context: Context, judge: Judge, *, sprites: bool = False) -> None:
        self._context = context
        self._judge = judge
        self._sprites = sprites
        self._info = context.engine.info
        self._apart = Apart(context.store)
        self._limits = DetectionLimits(min_face_px=context.settings.min_face_size * MATCHING_SHARE)
        self._point = operating_point(self._info.model_id, self._info.pack)
        self._voters = Voters(judge, context.store.scenes, self._info.model_id)
        self._looker = SceneLooker(context, self._limits, LinkRule.of(self._point), self._voters)

    def find(self, scene: SceneRecord, tell: Tell) -> SceneFinding:
        """With verdicts. Raises RunError and Cancelled, never ItemError."""
        way = self._known_way(scene)
        if scene.trouble:
            finding = SceneFinding(scene, error=unreadable(scene))
        elif way:
            known = self._context.store.scenes.of_item(Kind.SCENE, scene.id, self._info.model_id)
            usable = [person for person in known if person.face.embedding is not None]
            finding = SceneFinding(scene, known=usable, way=way)
        else:
            finding = self._look(scene, tell)
        with self._context.steps.of(Step.MATCH, len(finding.people)):
            self._judge_all(finding)
        return finding

    def keep(self, finding: SceneFinding, run_id: str, now: float) -> list[int]:
        """Inside a transaction: stores who was seen and returns the ids of the faces, in their order."""
        if finding.seen is None:
            return [person.face.face_id for person in finding.known]
        info, scene = self._info, finding.scene
        ids = self._context.store.scenes.replace(
            Kind.SCENE,
            scene.id,
            finding.seen,
            model_id=info.model_id,
            detector_id=info.detector_id,
            run_id=run_id,
            same_at=same_face_at(self._point),
        )
        look = Look(scene.id, self._fingerprint(scene, finding.way), self._limits.min_face_px, len(ids))
        self._context.store.items.save_look(Kind.SCENE, look, info.model_id, now)
        return ids

    # looking ----------------------------------------------------------------------------------------------------------

    def _fingerprint(self, scene: SceneRecord, way: str) -> str:
        """Of the file and of how it was looked at: another interval is another look."""
        settings = self._context.settings
        how = f" {settings.scene_frame_interval_s:g} {settings.max_scene_frames}" if way == LOOK_FRAMES else ""
        return f"{scene.fingerprint} {way}{how}"

    def _known_way(self, scene: SceneRecord) -> str:
        """How the store knows the people of exactly this file; empty when it must be looked at."""
        if not scene.fingerprint:
            return ""
        store, model_id = self._context.store, self._info.model_id
        look = store.items.looks(Kind.SCENE, [scene.id], model_id).get(scene.id)
        other = store.scenes.look(scene.id) if look is None else None  # of another model
        last = look or other
        if last is None or last.min_face_px > self._limits.min_face_px:
            return ""
        ways = [LOOK_FRAMES]
        if self._sprites:
            ways += [LOOK_SPRITES] if self._readable(scene) else [LOOK_SPRITES, LOOK_TILES]
        way = next((way for way in ways if last.fingerprint == self._fingerprint(scene, way)), "")
        if way and look is None:
            embed_kept(self._context, store.scenes.of_item(Kind.SCENE, scene.id, model_id))
            with store.transaction():
                store.items.save_look(Kind.SCENE, last, model_id, self._context.clock.now())
        return way

    def _readable(self, scene: SceneRecord) -> bool:
        path = self._context.settings.path_map.apply(scene.files[0].path) if scene.files else ""
        return bool(path) and os.access(path, os.R_OK)

    def _look(self, scene: SceneRecord, tell: Tell) -> SceneFinding:
        try:
            sight = self._looker.sprites(scene, tell) if self._sprites else self._looker.file(scene, tell)
        except ItemError as error:  # a scene without preview pictures is no failure: Stash can still make them
            return SceneFinding(scene, error=error, skipped=self._sprites)
        broken = f", {sight.broken} broken ones were left out" if sight.broken else ""
        self._context.log.debug(f"scene {scene.id}: {sight.frames} pictures were looked at{broken}")
        way = LOOK_TILES if sight.tiles else LOOK_SPRITES if self._sprites else LOOK_FRAMES
        return SceneFinding(scene, seen=people_to_keep(sight), way=way, frames=sight.frames)

    # judging ----------------------------------------------------------------------------------------------------------

    def _judge_all(self, finding: SceneFinding) -> None:
        people = finding.people
        if not people:
            return
        fresh = self._voters.settle(people, tiles_only=finding.way == LOOK_TILES)
        verdicts = [self._lasting(p.face) or verdict for p, verdict in zip(people, fresh, strict=True)]
        faces = finding.faces
        told = JudgedItem(
            finding.scene.id,
            finding.scene.fingerprint,
            [face.box for face in faces],
            [face.embedding for face in faces],
            verdicts,
            moving=True,
        )
        finding.verdicts = self._apart.apply(faces, self._judge.memory.apply(Kind.SCENE, [told])[0])

    def _lasting(self, face: SeenFace | StoredFace) -> VerdictRecord | None:
        """The verdict a face has from grouping, while its performer exists."""
        if not isinstance(face, StoredFace) or face.verdict is None or face.verdict.best is None:
            return None
        kept = face.verdict
        lasts = is_lasting(kept.verdict, kept.reason) and self._judge.knows(face.verdict.best.performer_id)
        return kept if lasts else None
