"""What a run needs from the outside, said without a library. One contract suite runs over every implementation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from compreface_plugin.domain.faces import DetectionLimits, EngineInfo, Picture, SeenFace

if TYPE_CHECKING:
    from compreface_plugin.domain.errors import ItemError

Looked = list[SeenFace]


class FaceEngine(Protocol):
    """Finds, measures and embeds faces. Not thread-safe: one caller at a time. Loading happens on first use."""

    @property
    def info(self) -> EngineInfo:
        """Who looks. Does not load a model (hashes come from the registry or are cached)."""
        ...

    def look(self, pictures: Sequence[Picture], limits: DetectionLimits) -> list[Looked | ItemError]:
        """One entry per picture, in order; may be empty. Faces are sorted by box area, largest first.

        Faces whose short side is below `limits.min_face_px` (original pixels) are left out. An ItemError in the
        list concerns that picture alone. Raises RunError when nothing can be looked at (ModelUnavailable, ...).
        The same picture gives the same faces whatever it is batched with.
        """
        ...

    def close(self) -> None:
        """Ends workers and frees the models. Idempotent."""
        ...


class Progress(Protocol):
    """Where a run tells how far it is."""

    def progress(self, fraction: float) -> None:
        """0..1; values outside are clamped, NaN is refused. Throttled by the implementation."""
        ...

    def info(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...

    def debug(self, message: str) -> None: ...


class CancelToken(Protocol):
    """Asked between two items and during cool-down, nowhere else."""

    def raise_if_cancelled(self) -> None:
        """Raises Cancelled once the stop file or SIGTERM asked for it."""
        ...

    def wait(self, seconds: float) -> None:
        """Sleeps at most `seconds`; raises Cancelled within half a second of being asked to stop."""
        ...


class Clock(Protocol):
    """Wall clock as seconds since the epoch, and a monotonic one for durations."""

    def now(self) -> float: ...

    def monotonic(self) -> float: ...
