"""Videos filed as images: looked at frame by frame like scenes, kept and judged as images.

Stash files every GIF so, still ones too, and short videos where it is told to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import DecoderMissing, ItemError, MediaUnavailable, PictureRefused
from compreface_plugin.domain.memory import same_face_at
from compreface_plugin.domain.operating_points import operating_point
from compreface_plugin.domain.records import Kind
from compreface_plugin.domain.tracks import LinkRule
from compreface_plugin.pipeline.scene_look import SceneLooker
from compreface_plugin.pipeline.voters import Voters, people_to_keep
from compreface_plugin.store.scenes import KnownPerson, SeenPerson

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import DetectionLimits, SeenFace
    from compreface_plugin.domain.records import VerdictRecord
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.judge import Judge
    from compreface_plugin.stash.records import ImageRecord

NO_VIDEO = "a video filed as image is skipped: the Python package av is not installed (install.sh brings it)"


class ClipSkipped(PictureRefused):
    """It is no fault of the clip's that nobody looks at it."""

    code = "no decoder"


class ClipFinder:
    """Looks at clips with one engine."""

    def __init__(self, context: Context, judge: Judge, limits: DetectionLimits) -> None:
        info = context.engine.info
        self._context = context
        self._judge = judge
        self._model_id, self._detector_id = info.model_id, info.detector_id
        self._limits = limits
        self._voters = Voters(judge, context.store.scenes, info.model_id)
        point = operating_point(info.model_id, info.pack)
        self._same_at = same_face_at(point)
        self._looker = SceneLooker(context, limits, LinkRule.of(point), self._voters)
        self._no_decoder = False

    def fingerprint(self, image: ImageRecord) -> str:
        """Of the file and of how it is looked at: another interval is another look."""
        settings = self._context.settings
        return f"{image.fingerprint} frames {settings.scene_frame_interval_s:g} {settings.max_scene_frames}"

    def look(self, image: ImageRecord) -> list[SeenPerson] | ItemError:
        """The people of a clip, or the reason why there are none: ClipSkipped where no video can be decoded here.
        Of a GIF that only the bytes can be had of, those of its first picture. Raises RunError and Cancelled."""
        try:
            if self._no_decoder:
                raise DecoderMissing(NO_VIDEO)
            sight = self._looker.file(image, lambda _: None)
        except MediaUnavailable as error:
            return self._first_picture(image) if image.is_gif else error
        except DecoderMissing:
            self._no_decoder = True
            return self._first_picture(image) if image.is_gif else ClipSkipped(NO_VIDEO)
        except ItemError as error:
            return error
        if sight.frames == 1:  # nothing moves: a picture like any other
            return [_still(sighting.face) for person in sight.people for sighting in person.sightings]
        return people_to_keep(sight)

    def known(self, image: ImageRecord) -> list[KnownPerson]:
        """As the store has them, those that are large enough and whose embedding it has."""
        people = self._context.store.scenes.of_item(Kind.IMAGE, image.id, self._model_id)
        least = self._limits.min_face_px
        return [p for p in people if p.face.embedding is not None and p.face.quality.size_px >= least]

    def keep(self, image: ImageRecord, people: Sequence[SeenPerson | KnownPerson], run_id: str) -> list[int]:
        """Inside a transaction: stores who was seen and returns the ids of their faces, in order."""
        return self._context.store.scenes.replace(
            Kind.IMAGE,
            image.id,
            [person for person in people if isinstance(person, SeenPerson)],
            model_id=self._model_id,
            detector_id=self._detector_id,
            run_id=run_id,
            same_at=self._same_at,
        )

    def settle(self, people: Sequence[SeenPerson | KnownPerson]) -> list[VerdictRecord]:
        """The verdict of each person of one clip. Frames must agree, unless there was but one."""
        if any(person.appearances for person in people):
            return self._voters.settle(people)
        embeddings = [person.face.embedding for person in people]
        return self._judge.verdicts([each for each in embeddings if each is not None])

    def _first_picture(self, image: ImageRecord) -> list[SeenPerson] | ItemError:
        try:
            looked = self._context.engine.look([self._context.load_picture(image)], self._limits)[0]
        except ItemError as error:
            return error
        return looked if isinstance(looked, ItemError) else [_still(face) for face in looked]


def _still(face: SeenFace) -> SeenPerson:
    """Of a clip that is one picture: it appears at no time."""
    return SeenPerson(face, at_s=0.0, sightings=1, tiles=False, appearances=(), exemplars=())
