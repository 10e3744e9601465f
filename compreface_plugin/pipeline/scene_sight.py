"""What came of looking at one scene or clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compreface_plugin.domain.tracks import ScenePerson


@dataclass(frozen=True, slots=True, eq=False)
class SceneSight:
    """`frames` were searched for faces, of `broken` ones nothing could be decoded."""

    people: Sequence[ScenePerson]
    frame_times: Sequence[float]
    duration_s: float
    frames: int
    broken: int
    tiles: bool = False  # nothing but preview pictures was seen
