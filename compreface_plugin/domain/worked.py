"""What runs did and what it took: steps with their time, counts and reasons, of one run or of many together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Step(str, Enum):
    """What a run does, and in what it is counted. Kept by name in the table of runs."""

    READ = "read"  # questions to Stash, pictures it hands over included: requests
    OPEN = "open"  # pictures opened and decoded: pictures
    FRAMES = "frames"  # waiting for frames of videos, which a child process decodes, or preview pictures: frames
    LOAD = "load"  # engine and model made ready: models
    DETECT = "detect"  # searched for faces, these measured and cut out: pictures
    EMBED = "embed"  # faces turned into embeddings: faces
    PREPARE = "prepare"  # for CompreFace: pictures cut and encoded, its faces measured and cut out: pictures
    SERVER = "server"  # CompreFace: round trips
    MATCH = "match"  # compared with the people known, and judged: faces
    GROUP = "group"  # unknown faces put together: faces
    STORE = "store"  # the plugin's own database: items
    WRITE = "write"  # changes made in Stash: requests
    PAUSE = "pause"  # cooling down between batches: pauses
    OTHER = "other"  # what is none of these


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds in which a step was going on, in one thread or several, and how many things it did meanwhile.

    Steps overlap (the next pictures are opened while faces are looked for), so the seconds of all steps of a run may
    be more than its own; those of one step never are. `Step.PAUSE` is no part of a run's seconds.
    """

    seconds: float = 0.0
    things: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.seconds + other.seconds, self.things + other.things)


Steps = Mapping[str, Spent]  # by the value of Step


def together(some: Steps, more: Steps) -> dict[str, Spent]:
    """The sum, step by step."""
    return {name: some.get(name, Spent()) + more.get(name, Spent()) for name in {**some, **more}}


@dataclass(frozen=True, slots=True)
class Worked:
    """What one run or several did. `reasons` counts items by "failed CODE" and "skipped CODE"."""

    runs: int = 0
    seconds: float = 0.0  # worked, pauses left out
    states: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    steps: Steps = field(default_factory=dict)

    def __add__(self, other: Worked) -> Worked:
        return Worked(
            self.runs + other.runs,
            self.seconds + other.seconds,
            added(self.states, other.states),
            added(self.counts, other.counts),
            added(self.reasons, other.reasons),
            together(self.steps, other.steps),
        )

    def rate(self, count: str) -> float | None:
        """How many of a count in a second; None where no time was measured."""
        return self.counts.get(count, 0) / self.seconds if self.seconds > 0 else None


def added(some: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """The sum, name by name; zeros and negative sums stay."""
    total = Counter(some)
    total.update(more)
    return dict(total)
