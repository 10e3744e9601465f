"""Looking at one scene: frames from the file or from Stash's preview pictures, faces in them, people of the scene.

A few frames over the whole scene first; then some more right behind those in which somebody was seen who is not settled
yet. Memory holds one group of frames, whatever the length of the scene.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ItemError
from compreface_plugin.domain.faces import DetectionLimits
from compreface_plugin.domain.shots import shots, signature
from compreface_plugin.domain.timing import Frame, SamplePlan, closer_looks, passes, sample_plan, spread, unseen_shots
from compreface_plugin.domain.tracks import LinkRule, ScenePerson, Sighting, people
from compreface_plugin.domain.worked import Step
from compreface_plugin.pipeline.scene_sight import SceneSight

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32, SeenFace
    from compreface_plugin.domain.timing import VideoInfo
    from compreface_plugin.media.video import VideoFile
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.voters import Outcome, Voters
    from compreface_plugin.stash.records import ImageRecord
    from compreface_plugin.stash.scenes import SceneRecord

GROUP_FRAMES = 8
GROUP_MEGAPIXELS = 24.0  # 72 MB of RGB
CLOSER_FRAMES = 15  # more frames for people who are not settled
TILE_FACE_PX = 14.0  # of a tile: smaller faces are not even found again in the full picture
TILES_OF_A_PERSON = 3  # whose moments are looked at in full size
FULL_FRAMES = 36  # in all, however many people the tiles show
NEAR_KEYFRAME_S = 0.7  # a keyframe this near a tile shows the same people and costs a fraction

Tell = Callable[[float], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    at_s: float
    signature: Float32
    faces: Sequence[SeenFace]


class SceneLooker:
    """`voters` tell for whom of the people seen so far more frames may change something."""

    def __init__(self, context: Context, limits: DetectionLimits, rule: LinkRule, voters: Voters) -> None:
        self._context = context
        self._limits = limits
        self._rule = rule
        self._voters = voters

    def file(self, scene: SceneRecord | ImageRecord, tell: Tell) -> SceneSight:
        """By the frames of the file. Raises ItemError of this scene, RunError, Cancelled."""
        settings = self._context.settings
        with self._context.open_video(scene) as video:
            info = video.info if video.info.duration_s > 0 else replace(video.info, duration_s=scene.duration_s)
            plan = sample_plan(info, settings.scene_frame_interval_s, settings.max_scene_frames)
            looked = self._in_passes(video, passes(plan, info.duration_s), tell)
            if plan.way == "keyframes":
                looked += self._between(video, looked, info)
            return self._closer(video, looked, info.duration_s)

    def sprites(self, scene: SceneRecord, tell: Tell) -> SceneSight:
        """Preview pictures find, frames of the file decide where it can be read. Raises as `file`."""
        tiles = self._context.sprite_tiles(scene)
        small = self._look(iter(tiles), len(tiles), lambda share: tell(share / 2), TILE_FACE_PX)
        found = self._people(small)
        try:
            video = self._context.open_video(scene)
        except ItemError as error:
            self._context.log.debug(f"{error}; its preview pictures alone give proposals")
            times = [each.at_s for each in small]
            return SceneSight(found, times, scene.duration_s, len(small), 0, tiles=True)
        with video:
            duration = video.info.duration_s or scene.duration_s
            wanted = _moments(found)
            looked = self._look(self._full_size(video, wanted), len(wanted), lambda share: tell(0.5 + share / 2))
            return self._closer(video, looked, duration)

    def _in_passes(self, video: VideoFile, parts: Sequence[SamplePlan], tell: Tell) -> list[_Looked]:
        """Coarse to fine; ends when a pass that doubled the frames changed nothing of what would be said."""
        expected = max(1, sum(len(part.times) for part in parts))
        looked: list[_Looked] = []
        before: Outcome | None = None
        for part in parts:
            done, share = len(looked) / expected, len(part.times) / expected
            looked += self._look(video.sample(part), len(part.times), partial(_tell_part, tell, done, share))
            if part is parts[-1]:
                break
            outcome = self._voters.outcome(self._people(looked))
            if outcome is not None and outcome == before:
                break
            before = outcome
        return looked

    def _between(self, video: VideoFile, looked: Sequence[_Looked], info: VideoInfo) -> list[_Looked]:
        """Looks into shots that have no keyframe."""
        settings = self._context.settings
        ordered = sorted(looked, key=lambda each: each.at_s)
        times = zip((each.at_s for each in ordered), shots([each.signature for each in ordered]), strict=True)
        wanted = spread(info.duration_s, settings.scene_frame_interval_s, settings.max_scene_frames)
        more = unseen_shots(info.keyframes or (), list(times), wanted)
        return self._look(video.at(more), len(more), lambda _: None) if more else []

    def _full_size(self, video: VideoFile, wanted: Sequence[float]) -> Iterator[Frame]:
        keys = video.info.keyframes or ()
        near = {time: min(keys, key=lambda key: abs(key - time)) for time in wanted if keys}
        cheap = sorted({key for time, key in near.items() if abs(key - time) <= NEAR_KEYFRAME_S})
        exact = [time for time in wanted if time not in near or abs(near[time] - time) > NEAR_KEYFRAME_S]
        if cheap:
            yield from video.sample(SamplePlan("keyframes", tuple(cheap)))
        yield from video.at(exact)

    def _closer(self, video: VideoFile, looked: list[_Looked], duration_s: float) -> SceneSight:
        found = self._people(looked)
        doubtful = [[each.at_s for each in person.sightings[:5]] for person in self._voters.doubts(found)]
        more = closer_looks(doubtful, [each.at_s for each in looked], duration_s, CLOSER_FRAMES)
        if more:
            looked = looked + self._look(video.at(more), len(more), lambda _: None)
            found = self._people(looked)
        times = sorted(each.at_s for each in looked)
        return SceneSight(found, times, duration_s, len(looked), video.broken)

    def _look(
        self, frames: Iterable[Frame], expected: int, tell: Tell, min_face_px: float | None = None
    ) -> list[_Looked]:
        limits = self._limits if min_face_px is None else DetectionLimits(min_face_px)
        looked: list[_Looked] = []
        for group in _groups(self._context.steps.each(Step.FRAMES, frames)):
            self._context.cancel.raise_if_cancelled()
            answers = self._context.engine.look([frame.picture for frame in group], limits)
            looked += [
                _Looked(frame.at_s, signature(frame.picture.pixels), [] if isinstance(faces, ItemError) else faces)
                for frame, faces in zip(group, answers, strict=True)
            ]
            tell(min(1.0, len(looked) / max(1, expected)))
        return looked

    def _people(self, looked: Sequence[_Looked]) -> list[ScenePerson]:
        ordered = sorted({each.at_s: each for each in looked}.values(), key=lambda each: each.at_s)
        numbers = shots([each.signature for each in ordered])
        return people(
            (
                Sighting(frame, each.at_s, numbers[frame], face)
                for frame, each in enumerate(ordered)
                for face in each.faces
            ),
            self._rule,
        )


def _tell_part(tell: Tell, done: float, share: float, of_part: float) -> None:
    tell(done + share * of_part)


def _groups(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    group: list[Frame] = []
    weight = 0.0
    for frame in frames:
        group.append(frame)
        weight += frame.picture.pixels.size / 3e6
        if len(group) == GROUP_FRAMES or weight >= GROUP_MEGAPIXELS:
            yield group
            group, weight = [], 0.0
    if group:
        yield group


def _moments(found: Sequence[ScenePerson]) -> list[float]:
    """The moments of the largest tile faces of each person, people seen most often first, at most FULL_FRAMES."""
    chosen: dict[float, None] = {}
    for person in found:
        largest = sorted(person.sightings, key=lambda s: (-s.face.quality.size_px * s.face.det_score, s.at_s))
        for each in largest[:TILES_OF_A_PERSON]:
            if len(chosen) < FULL_FRAMES:
                chosen[each.at_s] = None
    return sorted(chosen)
