"""Which moments of a video are looked at. Pure: seconds in, seconds out.

Times are those of a player: seconds from the beginning of the file's first stream (pts x time base, less its start).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Picture

KEYFRAME_GAP_S = 12.0
"""Keyframes at most this far apart are looked at alone. x264 puts one every 250 frames: 10.4 s at 24 a second."""
WIDE_SHARE = 0.1  # of the running time that may lie between keyframes further apart
ENOUGH_FRAMES = 12
"""A scene is looked at this often at least: below, a person who is there for half of it gives too few frames to agree.
"""
CHEAP_S = 120.0  # up to this length a forward decode costs little, so short clips get enough frames whatever they hold
MISSED_GAP_S = 4.0  # a shot that nobody looked into may have gone by between keyframes this far apart
TIMED_SHARE = 0.98
"""Of the longest distance between keyframes: one that far from the last was put there by the encoder's clock. A nearer
one marks a cut, and no other cut lies before it."""
STRIDES = (8, 4, 2)  # the first pass over a scene takes every so many moments, each further one doubles them
SETTLED_GAP_S = 8.0
"""Looks at most this far apart may be enough: somebody who is there for longer was seen, and then looked at closer."""
LEAST_STEP_S = 0.2  # nearer frames show the same picture again

Way = Literal["keyframes", "forward"]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture of a video and when it is shown."""

    at_s: float
    picture: Picture


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What the container tells before anything is decoded. `keyframes`: their times, ascending, None when the file has
    no index of them. `duration_s` 0: unknown. Sizes are upright, in square pixels."""

    duration_s: float
    width: int
    height: int
    codec: str
    keyframes: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """`keyframes`: exactly these keyframes; `forward`: the first picture at or after each time, in one decode."""

    way: Way
    times: tuple[float, ...]


def spread(duration_s: float, interval_s: float, most: int) -> tuple[float, ...]:
    """Moments over the whole of a video: `interval_s` apart, at most `most`, at least ENOUGH_FRAMES where they are not
    nearer than LEAST_STEP_S. Empty without a duration."""
    if duration_s <= 0:
        return ()
    step = max(min(interval_s, duration_s / ENOUGH_FRAMES), duration_s / max(1, most), LEAST_STEP_S)
    count = max(1, min(most, int(duration_s / step + 1e-6)))
    step = duration_s / count
    return tuple((n + 0.5) * step for n in range(count))


def sample_plan(info: VideoInfo, interval_s: float, most: int) -> SamplePlan:
    """How a video is sampled: keyframes where they are near enough to one another, else one forward decode. Without a
    duration (a GIF of one picture, a recording that was never closed) from the beginning on, as far as `most` goes."""
    if info.duration_s <= 0:
        return SamplePlan("forward", tuple(n * interval_s for n in range(most)))
    times = spread(info.duration_s, interval_s, most)
    near_s = max(KEYFRAME_GAP_S, info.duration_s / len(times))  # of a long scene few moments are wanted anyway
    if not info.keyframes or wide_share(info.keyframes, info.duration_s, near_s) > WIDE_SHARE:
        return SamplePlan("forward", times)
    chosen = nearest(info.keyframes, times)
    if len(chosen) < min(ENOUGH_FRAMES, len(times)) and info.duration_s <= CHEAP_S:
        return SamplePlan("forward", times)
    return SamplePlan("keyframes", chosen)


def passes(plan: SamplePlan, duration_s: float) -> list[SamplePlan]:
    """The plan in parts, coarse to fine, each over the whole scene; together they are the plan. From the second one on
    looks lie near enough to one another to end there. A forward decode passes every picture anyway: one part."""

    def gap(stride: int) -> float:
        return duration_s / max(1, len(plan.times[::stride]))

    fitting = [
        stride for stride in STRIDES if gap(stride // 2) <= SETTLED_GAP_S and len(plan.times[::stride]) >= ENOUGH_FRAMES
    ]
    if plan.way != "keyframes" or not fitting:
        return [plan]
    parts: list[SamplePlan] = []
    seen: set[float] = set()
    stride = fitting[0]
    while stride:
        part = tuple(time for time in plan.times[::stride] if time not in seen)
        parts.append(SamplePlan(plan.way, part))
        seen.update(part)
        stride //= 2
    return [part for part in parts if part.times]


def wide_share(keyframes: Sequence[float], duration_s: float, near_s: float = KEYFRAME_GAP_S) -> float:
    """Share of the running time, 0..1, that lies between keyframes more than `near_s` apart."""
    edges = [*keyframes, max(duration_s, keyframes[-1])]
    wide = sum(later - earlier for earlier, later in pairwise(edges) if later - earlier > near_s)
    return min(1.0, wide / duration_s) if duration_s > 0 else 0.0


def nearest(sorted_times: Sequence[float], wanted: Iterable[float]) -> tuple[float, ...]:
    """For each wanted time the nearest of `sorted_times`, each once, ascending."""
    found: set[float] = set()
    for time in wanted:
        at = bisect_left(sorted_times, time)
        around = sorted_times[max(0, at - 1) : at + 1]
        if around:
            found.add(min(around, key=lambda held: abs(held - time)))
    return tuple(sorted(found))


def unseen_shots(
    keyframes: Sequence[float], looked: Sequence[tuple[float, int]], wanted: Iterable[float]
) -> tuple[float, ...]:
    """Of the `wanted` moments those between two looks at keyframes that the encoder's clock put far apart, where the
    picture has changed meanwhile: shots may lie there that hold no keyframe. `looked`: (time, shot), ascending."""
    far = max((later - earlier for earlier, later in pairwise(keyframes)), default=0.0) * TIMED_SHARE
    gaps = [
        (earlier, later)
        for (earlier, shot), (later, other) in pairwise(looked)
        if shot != other and later - earlier >= max(far, MISSED_GAP_S)
    ]
    starts = [earlier for earlier, _ in gaps]
    found = []
    for time in wanted:
        at = bisect_left(starts, time) - 1
        if at >= 0 and starts[at] + LEAST_STEP_S < time < gaps[at][1] - LEAST_STEP_S:
            found.append(time)
    return tuple(found)


def closer_looks(
    doubtful: Iterable[Sequence[float]], seen: Sequence[float], duration_s: float, most: int
) -> tuple[float, ...]:
    """Further moments right behind those at which doubtful people were seen: at most `most`, fairly shared.

    Right behind, because the frames after a keyframe cost least, and far enough for another expression.
    """
    queues = [[t + step for step in (0.4, 0.8, 1.3) for t in times] for times in doubtful]
    chosen: set[float] = set()
    taken = sorted(seen)
    while queues and len(chosen) < most:
        for queue in queues:
            if queue and len(chosen) < most:
                time = round(queue.pop(0), 2)
                near = taken[max(0, bisect_left(taken, time) - 1) : bisect_left(taken, time) + 1]
                if time < duration_s and all(abs(time - other) >= LEAST_STEP_S for other in (*near, *chosen)):
                    chosen.add(time)
        queues = [queue for queue in queues if queue]
    return tuple(sorted(chosen))
