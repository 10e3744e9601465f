"""How fast a run goes: a rolling rate, so that the time left follows the last batches and not the whole past."""

from __future__ import annotations

from collections import deque

_BATCHES = 10


class Pace:
    """Seconds and items of the last batches, pauses included. Queue time never enters."""

    def __init__(self) -> None:
        self._batches: deque[list[float]] = deque(maxlen=_BATCHES)

    def batch(self, items: int, seconds: float) -> None:
        self._batches.append([float(items), seconds])

    def pause(self, seconds: float) -> None:
        """A pause belongs to the batch before it."""
        if self._batches:
            self._batches[-1][1] += seconds

    def seconds_for(self, items: int) -> float | None:
        """Expected seconds for so many more items, or None before anything was measured."""
        done = sum(batch[0] for batch in self._batches)
        return items * sum(batch[1] for batch in self._batches) / done if done else None


def clock_text(seconds: float) -> str:
    """Seconds for people: 0:07, 12:30, 3:05:00."""
    whole = max(0, round(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
