"""Faces of frames to tracks, tracks to people of a scene. Pure: no video, no store.

A track is one face followed through one shot. Tracks are joined to people by average linkage of their templates; two
faces of one frame are never one person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.operating_points import OperatingPoint, deviate_of

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32, Quality, SeenFace

OVERLAP_FMR = 1e-2
"""False match rate from which boxes that lie over each other are one face: place and time speak for it already."""
SHOT_FMR = 1e-4  # the same inside a shot without overlap: few people are in one shot
PERSON_FMR = 3e-5  # between templates of tracks of a whole scene, as domain/clustering.py has it for small sets
OVERLAP_IOU = 0.3
VOTE_QUALITY = 0.15
"""Quality below which a face has no vote. In the audience of the test clip a known man in profile (0.18-0.22) is still
himself, blurred and averted strangers (0.09-0.11) are nobody."""
VOTE_YAW_DEG, VOTE_PITCH_DEG = 70.0, 50.0
"""Faces turned further have no vote: the far eye is hidden, and the quality's own ramps end there. Nearer ones are
worth their weight: in the head-pose clip faces turned up to 45 degrees keep a cosine of 0.66 with the frontal mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One face in one frame. `frame` counts the frames of the scene in order of time."""

    frame: int
    at_s: float
    shot: int
    face: SeenFace

    @property
    def weight(self) -> float:
        """In the template."""
        return max(1e-3, self.face.quality.score)

    @property
    def votes(self) -> bool:
        return may_vote(self.face.quality)


@dataclass(frozen=True, slots=True)
class LinkRule:
    """Cosines from which faces are one person, by what else speaks for it."""

    overlap_at: float
    shot_at: float
    person_at: float

    @classmethod
    def of(cls, point: OperatingPoint) -> LinkRule:
        overlap, shot, person = (point.plain.score(deviate_of(r)) for r in (OVERLAP_FMR, SHOT_FMR, PERSON_FMR))
        return cls(overlap, shot, person)


@dataclass(frozen=True, slots=True, eq=False)
class ScenePerson:
    """Somebody seen in a scene, in order of time."""

    sightings: tuple[Sighting, ...]

    @property
    def voters(self) -> tuple[Sighting, ...]:
        return tuple(each for each in self.sightings if each.votes)

    @property
    def representative(self) -> Sighting:
        """The sighting to show: the best quality, the larger, the earlier."""
        return min(self.sightings, key=lambda s: (-s.face.quality.score, -s.face.quality.size_px, s.at_s))

    @property
    def template(self) -> Float32:
        """(D,) of unit length: voting faces weighted by quality; all faces where none may vote."""
        return mean_face(self.voters or self.sightings)

    def exemplars(self, most: int) -> tuple[Sighting, ...]:
        """The best voting sightings, at most `most`, in order of time."""
        best = sorted(self.voters, key=lambda s: (-s.face.quality.score, s.at_s))[:most]
        return tuple(sorted(best, key=lambda s: s.at_s))


def may_vote(quality: Quality) -> bool:
    """Whether a face says something about who it is: not blurred, hidden or turned away too far."""
    turned = abs(quality.yaw_deg) > VOTE_YAW_DEG or abs(quality.pitch_deg) > VOTE_PITCH_DEG
    return quality.score >= VOTE_QUALITY and not turned


def mean_face(sightings: Sequence[Sighting]) -> Float32:
    import numpy as np

    total = np.sum([each.weight * each.face.embedding for each in sightings], axis=0)
    return np.asarray(total / max(1e-9, float(np.linalg.norm(total))), np.float32)


def people(sightings: Iterable[Sighting], rule: LinkRule) -> list[ScenePerson]:
    """Everybody in a scene, most sightings first."""
    tracks = link_tracks(sightings, rule)
    joined = join_tracks(tracks, rule)
    found = [ScenePerson(tuple(sorted(group, key=lambda s: s.at_s))) for group in joined]
    return sorted(found, key=lambda person: (-len(person.sightings), person.sightings[0].at_s))


def link_tracks(sightings: Iterable[Sighting], rule: LinkRule) -> list[list[Sighting]]:
    """Tracks: each the same face through the frames of one shot, one sighting a frame at most.

    Frame by frame, the pairs of open track and face that resemble each other most are linked first.
    """
    by_frame: dict[int, list[Sighting]] = {}
    for each in sightings:
        by_frame.setdefault(each.frame, []).append(each)
    done: list[list[Sighting]] = []
    opened: list[list[Sighting]] = []
    shot = -1
    for _, faces in sorted(by_frame.items()):
        if faces[0].shot != shot:
            done, opened, shot = done + opened, [], faces[0].shot
        pairs = sorted(
            (-score, t, f)
            for t, track in enumerate(opened)
            for f, face in enumerate(faces)
            if (score := _link_score(track, face, rule)) is not None
        )
        tracks, taken = set(), set()
        for _, t, f in pairs:
            if t not in tracks and f not in taken:
                opened[t].append(faces[f])
                tracks.add(t)
                taken.add(f)
        opened += [[face] for f, face in enumerate(faces) if f not in taken]
    return done + opened


def _link_score(track: Sequence[Sighting], face: Sighting, rule: LinkRule) -> float | None:
    """Cosine with the track, plus the overlap with its last box; None when they cannot be one face."""
    last = track[-1].face
    overlap = last.box.iou(face.face.box)
    cosine = max(float(mean_face(track) @ face.face.embedding), float(last.embedding @ face.face.embedding))
    if cosine < (rule.overlap_at if overlap >= OVERLAP_IOU else rule.shot_at):
        return None
    return cosine + overlap


def join_tracks(tracks: Sequence[Sequence[Sighting]], rule: LinkRule) -> list[list[Sighting]]:
    """Average linkage of templates down to `person_at`; never two tracks that show a face in the same frame."""
    import numpy as np

    if not tracks:
        return []
    groups = [list(track) for track in tracks]
    frames = [{each.frame for each in track} for track in tracks]
    templates = np.stack([ScenePerson(tuple(track)).template for track in tracks])
    scores = templates @ templates.T
    sizes = np.ones(len(groups))
    for i in range(len(groups)):
        scores[i, i] = -2.0
        for j in range(i):
            if frames[i] & frames[j]:
                scores[i, j] = scores[j, i] = -2.0
    while True:
        i, j = divmod(int(np.argmax(scores)), len(groups))
        if scores[i, j] < rule.person_at:
            return [group for group in groups if group]
        forbidden = (scores[i] <= -2.0) | (scores[j] <= -2.0)
        merged = (scores[i] * sizes[i] + scores[j] * sizes[j]) / (sizes[i] + sizes[j])
        merged[forbidden] = -2.0
        scores[i], scores[:, i] = merged, merged
        scores[j], scores[:, j] = -2.0, -2.0
        sizes[i] += sizes[j]
        groups[i] += groups[j]
        groups[j] = []


def appearances(
    sightings: Sequence[Sighting], frame_times: Sequence[float], duration_s: float
) -> tuple[tuple[float, float], ...]:
    """(from, to) in seconds, ascending, apart. A sighting stands for the time up to half-way to the frames beside it;
    one missed frame between two sightings does not end an appearance."""
    spans: list[list[float]] = []
    last = -9
    for each in sorted(sightings, key=lambda s: s.frame):
        at = frame_times[each.frame]
        before = frame_times[each.frame - 1] if each.frame else 0.0
        after = frame_times[each.frame + 1] if each.frame + 1 < len(frame_times) else max(duration_s, at)
        start = 0.0 if not each.frame else (before + at) / 2
        end = after if each.frame + 1 == len(frame_times) else (at + after) / 2
        if spans and each.frame - last <= 2:
            spans[-1][1] = end
        else:
            spans.append([start, end])
        last = each.frame
    return tuple((round(start, 3), round(end, 3)) for start, end in spans)
