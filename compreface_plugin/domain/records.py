"""What the store remembers, as frozen values: items, faces, runs, changes. No SQL, no Stash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from compreface_plugin.domain.sentences import sentence

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Box, Float32, Quality
    from compreface_plugin.domain.worked import Steps


class Kind(str, Enum):
    """What an item, or the target of a change, is in Stash."""

    IMAGE = "image"
    GALLERY = "gallery"
    SCENE = "scene"
    PERFORMER = "performer"
    TAG = "tag"
    PLUGIN = "plugin"  # this one, whose settings Stash keeps


class RunState(str, Enum):
    RUNNING = "running"  # a process works on it, or was killed while it did
    WAITING = "waiting"  # gave way to other jobs; its continuation stands in Stash's queue
    FINISHED = "finished"
    CANCELLED = "cancelled"  # asked for; the next start of the same task resumes it
    FAILED = "failed"  # a RunError ended it; the next start of the same task resumes it


RESUMABLE = (RunState.RUNNING, RunState.WAITING, RunState.CANCELLED, RunState.FAILED)

COUNTS = ("seen", "faces", "accepted", "proposed", "unknown", "created", "failed", "skipped")


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a task, from its first start to its end, over any number of kills and restarts."""

    run_id: str
    mode: str
    args: Mapping[str, object]
    state: RunState
    started_at: float  # seconds since the epoch
    ended_at: float | None
    active_seconds: float  # time worked, queue time and dead time left out
    cursor: int  # Stash id of the last committed item, 0 before the first
    total: int | None  # items to look at, as counted when the run began
    counts: Mapping[str, int]
    engine: str = ""
    model_id: str = ""
    message: str = ""
    reasons: Mapping[str, int] = field(default_factory=dict)  # "failed CODE", "skipped CODE" -> items
    steps: Steps = field(default_factory=dict)  # what the time was spent on


class ListedState(str, Enum):
    WAITING = "waiting"  # or in hand
    DONE = "done"
    FAILED = "failed"  # could not be looked at, or Stash has no such item
    SKIPPED = "skipped"  # there is nothing to look at it with


@dataclass(frozen=True, slots=True)
class Listed:
    """An item that a run was given by name."""

    kind: Kind  # image, scene or gallery
    item_id: int
    times: int  # named in the list
    state: ListedState
    reason: str  # of FAILED and SKIPPED
    cursor: int  # of a gallery: the last of its images that was looked at
    failed: int  # of a gallery: its images that could not be looked at


class Op(str, Enum):
    ADD = "add"
    REMOVE = "remove"
    CREATE = "create"
    DESTROY = "destroy"  # a performer we made, united with another; `value` is its name
    SET = "set"  # the setting `field` of the plugin; `value` is JSON [before, now], null for not set

    @property
    def inverse(self) -> Op:
        """What takes it back: ADD and REMOVE undo each other (the others are no bulk changes)."""
        return {Op.ADD: Op.REMOVE, Op.REMOVE: Op.ADD}[self]


class ChangeState(str, Enum):
    PROPOSED = "proposed"  # part of a plan that nobody applied yet
    DECIDED = "decided"  # was part of a plan; a person settled it otherwise: the note says how, or names the run
    PLANNED = "planned"  # written down, perhaps already in Stash, not yet known to be
    APPLIED = "applied"
    FAILED = "failed"  # Stash refused it; the reason stands beside it
    UNDOING = "undoing"
    UNDONE = "undone"
    KEPT = "kept"  # undo left it: somebody changed or uses it since


@dataclass(frozen=True, slots=True)
class Change:
    """One value added to or removed from one list of one Stash object, or what the other `Op`s say. Never planned where
    it would change nothing."""

    run_id: str
    kind: Kind
    item_id: str
    field: str  # "tag_ids", "performer_ids", "alias_list"; "" for CREATE
    op: Op
    value: str
    state: ChangeState = ChangeState.PLANNED
    change_id: int = 0
    note: str = ""


TAKEN_OFF = sentence("reason.takenOff")  # a reason: proposed at most, never written or grouped
SEEN_DIFFERENCE = 1e-4  # similarities are shown with four digits


class Verdict(str, Enum):
    ACCEPT = "accept"
    REVIEW = "review"
    UNKNOWN = "unknown"
    IGNORED = "ignored"  # a person said: no face, or never ask; named and proposed to nobody, put in no group


@dataclass(frozen=True, slots=True)
class CandidateRecord:
    performer_id: str
    subject_id: int
    similarity: float


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """What was decided about a face, and why. Similarities are on the scale of the settings, 0..1."""

    verdict: Verdict
    model_id: str
    run_id: str
    required: float
    margin: float | None  # lead over the best other person; None without another
    reason: str
    candidates: tuple[CandidateRecord, ...] = ()

    def says_the_same(self, other: VerdictRecord | None) -> bool:
        """Whether nothing but the run differs that anybody could see."""
        if other is None or (self.verdict, self.model_id, self.reason) != (other.verdict, other.model_id, other.reason):
            return False
        mine, theirs = self.candidates, other.candidates
        return (
            abs(self.required - other.required) < SEEN_DIFFERENCE
            and abs((self.margin or 0.0) - (other.margin or 0.0)) < SEEN_DIFFERENCE
            and [c.performer_id for c in mine] == [c.performer_id for c in theirs]
            and all(abs(a.similarity - b.similarity) < SEEN_DIFFERENCE for a, b in zip(mine, theirs, strict=True))
        )

    @property
    def best(self) -> CandidateRecord | None:
        return self.candidates[0] if self.candidates else None


@dataclass(frozen=True, slots=True, eq=False)
class StoredFace:
    """A face of an item as the store knows it. `embedding` belongs to the model that was asked for, or is None."""

    face_id: int
    kind: Kind
    item_id: int
    box: Box
    landmarks: Float32 | None
    det_score: float
    quality: Quality
    embedding: Float32 | None
    verdict: VerdictRecord | None = None
    age: float | None = None
    gender: str | None = None


@dataclass(frozen=True, slots=True)
class ItemState:
    """What is known about an item apart from its faces."""

    kind: Kind
    item_id: int
    scanned_at: float | None = None
    matched: bool = False
    run_id: str | None = None  # the run that scanned it last
    scanned_tag_id: str | None = None  # tag put on it when it was scanned; None: tags were off
    attempts: int = 0  # failures in a row
    error_code: str = ""
    error: str = ""
    fingerprint: str = ""  # of the file that failed or was scanned


@dataclass(frozen=True, slots=True)
class Look:
    """An item was decoded and searched for faces: with which model, at which size limit, on which bytes."""

    item_id: int
    fingerprint: str
    min_face_px: float
    faces: int


@dataclass(frozen=True, slots=True)
class Subject:
    """An identity. `performer_id` None: not, or no longer, tied to a performer of the library."""

    subject_id: int
    name: str
    performer_id: str | None
    created_run: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What came of a performer's own picture."""

    performer_id: str
    picture_url: str
    picture_sha: str
    outcome: str  # "enrolled", "no face", "several faces", "unreadable"
    detail: str = ""
    model_id: str = ""
    min_face_px: float = 0.0  # smaller faces were passed over
