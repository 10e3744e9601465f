"""Stash's sprite sheet and its VTT to small pictures with times.

The grid is read from the VTT (Stash makes 9 x 9 tiles, newer versions other counts). The VTT's own times drift up to
some seconds from the moments the tiles show (docs of the interface, section 6), so tile i of N is taken to show
i x duration / N; only without a duration the VTT's times are used.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from compreface_plugin.domain.errors import UndecodableMedia
from compreface_plugin.domain.faces import Picture
from compreface_plugin.domain.timing import Frame

_CUE = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})\s*-->")
_PLACE = re.compile(r"#xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)")
MAX_TILES = 2000


@dataclass(frozen=True, slots=True)
class SpriteCue:
    """One tile: the moment the VTT tells, and where it lies in the sheet, in pixels."""

    from_s: float
    x: int
    y: int
    width: int
    height: int


def read_vtt(text: str, name: str) -> list[SpriteCue]:
    """The tiles in order of time. Raises UndecodableMedia when there is none."""
    cues: list[SpriteCue] = []
    start: float | None = None
    for line in text.splitlines():
        if cue := _CUE.search(line):
            hours, minutes, seconds, millis = (int(part or 0) for part in cue.groups())
            start = hours * 3600 + minutes * 60 + seconds + millis / 10 ** len(cue[4])
        elif start is not None and (place := _PLACE.search(line)):
            cues.append(SpriteCue(start, *(int(part) for part in place.groups())))
            start = None
    if not cues:
        raise UndecodableMedia(f"{name}: its VTT file names no preview pictures; generate sprites in Stash again")
    return cues[:MAX_TILES]


def tiles(sheet: bytes, vtt: bytes, *, duration_s: float, name: str) -> list[Frame]:
    """Every tile that lies inside the sheet. Raises UndecodableMedia: empty or broken sheet, no tile."""
    import numpy as np
    from PIL import Image

    if not sheet:
        raise UndecodableMedia(f"{name}: its sprite file is empty; generate sprites in Stash again")
    cues = read_vtt(vtt.decode("utf-8", "replace"), name)
    try:
        with Image.open(io.BytesIO(sheet)) as opened:
            pixels = np.asarray(opened.convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise UndecodableMedia(f"{name}: its sprite file cannot be read ({error}); generate it again") from error
    high, wide = pixels.shape[:2]
    step = duration_s / len(cues) if duration_s > 0 else 0.0
    found = []
    for index, cue in enumerate(cues):
        if cue.width < 8 or cue.height < 8 or cue.x + cue.width > wide or cue.y + cue.height > high:
            continue
        part = np.ascontiguousarray(pixels[cue.y : cue.y + cue.height, cue.x : cue.x + cue.width])
        at_s = index * step if step else cue.from_s
        found.append(Frame(at_s, Picture(part, cue.width, cue.height, f"{name}, preview at {at_s:.1f} s")))
    if not found:
        raise UndecodableMedia(f"{name}: the tiles its VTT file names lie outside the sprite file; generate it again")
    return found
