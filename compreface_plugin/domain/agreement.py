"""When a scene is given a name: the verdict on a person's template, held against single frames. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from compreface_plugin.domain.records import Verdict, VerdictRecord
from compreface_plugin.domain.sentences import sentence

LEAST_FRAMES = 2  # frames that must agree: one lucky frame decides nothing
LEAST_SHARE = 0.5  # of the frames that may vote
ONE_FRAME = sentence("reason.frames")
TILES_ONLY = sentence("reason.previews")


@dataclass(frozen=True, slots=True)
class Ballot:
    """The verdict on a person as a whole, and one for each frame that may vote."""

    whole: VerdictRecord
    frames: Sequence[VerdictRecord]

    def for_performer(self, performer_id: str) -> int:
        """Frames that would at least propose this performer by themselves."""
        named = (Verdict.ACCEPT, Verdict.REVIEW)
        return sum(v.verdict in named and v.best is not None and v.best.performer_id == performer_id
                   for v in self.frames)


def settle(ballots: Sequence[Ballot], *, tiles_only: bool = False) -> list[VerdictRecord]:
    """The final verdict of each person of a scene.

    An accepted person stays so when at least LEAST_FRAMES frames of the scene agree (those of other people with the
    same name count too: one performer in two shots may have become two people), and half of the person's own.
    Otherwise it is proposed. From sprite tiles alone nobody is accepted.
    """
    agreeing: dict[str, int] = {}
    for ballot in ballots:
        best = ballot.whole.best
        if best is not None and ballot.whole.verdict in (Verdict.ACCEPT, Verdict.REVIEW):
            votes = ballot.for_performer(best.performer_id)
            agreeing[best.performer_id] = agreeing.get(best.performer_id, 0) + votes
    return [_settled(ballot, agreeing, tiles_only) for ballot in ballots]


def _settled(ballot: Ballot, agreeing: dict[str, int], tiles_only: bool) -> VerdictRecord:
    whole = ballot.whole
    if whole.verdict is not Verdict.ACCEPT or whole.best is None:
        return whole
    if tiles_only:
        return replace(whole, verdict=Verdict.REVIEW, reason=TILES_ONLY)
    performer = whole.best.performer_id
    own = ballot.for_performer(performer)
    if agreeing[performer] >= LEAST_FRAMES and own >= max(1.0, LEAST_SHARE * len(ballot.frames)):
        return whole
    return replace(whole, verdict=Verdict.REVIEW, reason=ONE_FRAME)
