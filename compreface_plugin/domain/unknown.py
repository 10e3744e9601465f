"""Unknown people: which faces may make a person, what people said about groups, and what a new person is made of.

Pure: arrays and values in, values out. Who belongs together is decided by domain/clustering.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.sentences import sentence

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32
    from compreface_plugin.domain.records import Kind, Verdict

GROUPED = sentence("reason.grouped")
"""Reason of an accept that grouping gave: it stands when the face is matched again, see `is_lasting`."""

GENDER_MAJORITY = 0.8  # of the faces a model was sure about
RELAXED_SIZE = 2 / 3  # of minFaceSize, for low quality (the settings table: matching goes down to it)
RELAXED_QUALITY = 1 / 2  # of minQuality (the settings table: low-quality tasks use half)


@dataclass(frozen=True, slots=True, eq=False)
class UnknownFace:
    """A face of an item that nobody was accepted for. `embedding` (D,) has unit length."""

    face_id: int
    kind: Kind
    item_id: int
    quality: float  # 0..1
    size_px: float
    gender: str | None
    embedding: Float32
    verdict: Verdict  # unknown, or review for one of the people grouping made
    performer_id: str | None  # of the best candidate
    required: float  # similarity the match would have needed
    run_id: str  # that decided the verdict
    hand: int | None = None  # group a person put it into


@dataclass(frozen=True, slots=True)
class Gates:
    """What a face must be to count. `refused_by` set: groups need a face that those stricter gates refused."""

    min_size_px: float
    min_quality: float
    refused_by: Gates | None = None

    def passes(self, face: UnknownFace) -> bool:
        return self.admit(face.size_px, face.quality)

    def admit(self, size_px: float, quality: float) -> bool:
        return size_px >= self.min_size_px and quality >= self.min_quality

    def relaxed(self) -> Gates:
        """The gates of the low-quality mode."""
        return Gates(self.min_size_px * RELAXED_SIZE, self.min_quality * RELAXED_QUALITY, refused_by=self)

    def want(self, faces: Sequence[UnknownFace]) -> bool:
        """Whether a group is this mode's business."""
        return self.refused_by is None or not all(map(self.refused_by.passes, faces))


@dataclass(frozen=True, slots=True, eq=False)
class FaceGroup:
    """Faces of one person, by item and face. `performer_id`: made earlier and still without a person's name."""

    faces: tuple[UnknownFace, ...]
    performer_id: str | None = None

    @property
    def key(self) -> int:
        """The smallest face id: names the group whatever the order of the images."""
        return min(face.face_id for face in self.faces)

    @property
    def items(self) -> tuple[tuple[Kind, int], ...]:
        return tuple(dict.fromkeys((face.kind, face.item_id) for face in self.faces))

    def holds(self, kind: Kind) -> bool:
        """Whether one of the faces is of an item of this kind: then the group is the business of a run over such."""
        return any(face.kind is kind for face in self.faces)

    @property
    def best(self) -> UnknownFace:
        """The face to show: the best quality, the larger, the earlier."""
        return min(self.faces, key=lambda face: (-face.quality, -face.size_px, face.item_id, face.face_id))


@dataclass(frozen=True, slots=True)
class Merge:
    """Two performers made of unknown faces, whom nobody touched, turned out to be one person."""

    keep_id: str
    gone_id: str


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """What clustering found: unknown faces by person, smallest face id first, and earlier people who are one."""

    groups: tuple[FaceGroup, ...]
    merges: tuple[Merge, ...] = ()


def is_lasting(verdict: Verdict | None, reason: str) -> bool:
    """Whether a verdict came from grouping: a new match of the face does not change it (what people said does)."""
    return verdict is not None and verdict.value == "accept" and reason == GROUPED


def enough_for_a_person(group: FaceGroup, min_faces: int) -> bool:
    """`minFacesPerPerson` unknown faces from at least two items; 1 means at once."""
    unknown = [face for face in group.faces if face.verdict.value == "unknown"]
    items = {(face.kind, face.item_id) for face in unknown}
    return len(unknown) >= min_faces and (min_faces == 1 or len(items) >= 2)


def obey(labels: Sequence[int], hands: Sequence[int | None], embeddings: Float32) -> list[int]:
    """Labels (N,) changed to what people said: faces put together stay so, faces put apart stay so.

    A computed group that holds faces of several hand-made ones is divided: faces nobody spoke about go to the hand-made
    group they resemble most. Then pieces that hold the same hand-made group become one. New labels are not the old
    ones, only their equality counts. `embeddings` (N, D) of unit length.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(labels):
        members[label].append(row)
    named: dict[tuple[str, int], list[int]] = defaultdict(list)
    for label, rows in members.items():
        present = sorted({hand for row in rows if (hand := hands[row]) is not None})
        if not present:
            named["free", label] = rows
        for row in rows if present else ():
            hand = hands[row]
            named["hand", _nearest_hand(row, present, rows, hands, embeddings) if hand is None else hand].append(row)
    answer = [0] * len(labels)
    for number, rows in enumerate(named.values()):
        for row in rows:
            answer[row] = number
    return answer


def largest_hand(
    faces: Sequence[UnknownFace], performer_id: str | None, owners: Mapping[int, str]
) -> tuple[UnknownFace, ...]:
    """Of faces that were to become one person, those that a person left together meanwhile: none of a hand-made group
    that is somebody else's (`owners`), and one such group at most, the largest. Faces may be empty."""
    import numpy as np

    free = [face for face in faces if face.hand is None or owners.get(face.hand, performer_id) == performer_id]
    if len({face.hand for face in free if face.hand is not None}) < 2:
        return tuple(free)
    labels = obey([0] * len(free), [face.hand for face in free], np.stack([face.embedding for face in free]))
    return max(faces_by_label(free, labels), key=len)


def _nearest_hand(
    row: int, present: Sequence[int], rows: Sequence[int], hands: Sequence[int | None], embeddings: Float32
) -> int:
    if len(present) == 1:
        return present[0]

    def likeness(hand: int) -> float:
        own = [other for other in rows if hands[other] == hand]
        return float((embeddings[own] @ embeddings[row]).mean())

    return max(present, key=lambda hand: (likeness(hand), -hand))


def template(embeddings: Float32) -> Float32:
    """Normalised mean (D,) of unit rows (N, D), N > 0; zeros when they cancel."""
    import numpy as np

    mean = embeddings.astype(np.float64).mean(axis=0)
    length = float(np.linalg.norm(mean))
    return np.asarray(mean / length if length > 1e-6 else mean * 0.0, np.float32)


def gender_of(faces: Iterable[UnknownFace]) -> str | None:
    """What a model was sure about in nearly all faces it was sure about; None otherwise."""
    told = Counter(face.gender for face in faces if face.gender)
    if not told:
        return None
    word, count = told.most_common(1)[0]
    return word if count >= GENDER_MAJORITY * sum(told.values()) else None


def faces_by_label(faces: Sequence[UnknownFace], labels: Sequence[int]) -> list[tuple[UnknownFace, ...]]:
    """Faces with equal labels together, each by item and face; the groups by their smallest face id."""
    found: Mapping[int, list[UnknownFace]] = defaultdict(list)
    for face, label in zip(faces, labels, strict=True):
        found[label].append(face)
    groups = [tuple(sorted(same, key=lambda face: (face.item_id, face.face_id))) for same in found.values()]
    return sorted(groups, key=lambda same: min(face.face_id for face in same))
