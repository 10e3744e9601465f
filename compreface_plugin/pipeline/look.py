"""Decoding and looking, overlapped: while the engine works on one group, threads decode the next.

Memory is bounded by two groups of pictures, whatever the size of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from compreface_plugin.domain.errors import ItemError
from compreface_plugin.ports import CancelToken, FaceEngine, Looked

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import DetectionLimits, Picture

ItemT = TypeVar("ItemT")
Outcome = Looked | ItemError

DECODE_THREADS = 2  # decoding releases the GIL; more threads than this only add memory beside a busy engine
GROUP_ITEMS = 20
GROUP_MEGAPIXELS = 24.0  # about 75 MB of RGB pixels; a stop waits for the group in hand, so one large photo is enough


def groups(items: Sequence[ItemT], megapixels: Callable[[ItemT], float]) -> list[list[ItemT]]:
    """Cuts items into consecutive groups within both limits; an item larger than a group is a group of its own."""
    made: list[list[ItemT]] = []
    weight = 0.0
    for item in items:
        size = megapixels(item)
        if not made or len(made[-1]) >= GROUP_ITEMS or weight + size > GROUP_MEGAPIXELS:
            made.append([])
            weight = 0.0
        made[-1].append(item)
        weight += size
    return made


def look_at(
    items: Sequence[ItemT],
    load: Callable[[ItemT], Picture],
    engine: FaceEngine,
    limits: DetectionLimits,
    cancel: CancelToken,
    megapixels: Callable[[ItemT], float],
) -> Iterator[tuple[ItemT, Outcome]]:
    """The faces of each item, or the ItemError that concerns it alone, in order.

    Raises Cancelled between groups, and RunError when nothing can be looked at. No thread outlives the iteration.
    """
    planned = groups(items, megapixels)
    with ThreadPoolExecutor(DECODE_THREADS, "decode") as pool:
        ahead: list[Future[Picture | ItemError]] = []
        for index, group in enumerate(planned):
            current = ahead or _submit(pool, load, group)
            pictures = [future.result() for future in current]
            ahead = _submit(pool, load, planned[index + 1]) if index + 1 < len(planned) else []
            try:
                cancel.raise_if_cancelled()
                outcomes = _look(pictures, engine, limits)
            except BaseException:
                for future in ahead:
                    future.cancel()
                raise
            del pictures, current
            yield from zip(group, outcomes, strict=True)


def _submit(
    pool: ThreadPoolExecutor, load: Callable[[ItemT], Picture], group: Sequence[ItemT]
) -> list[Future[Picture | ItemError]]:
    return [pool.submit(_attempt, load, item) for item in group]


def _attempt(load: Callable[[ItemT], Picture], item: ItemT) -> Picture | ItemError:
    try:
        return load(item)
    except ItemError as error:
        return error


def _look(decoded: Sequence[Picture | ItemError], engine: FaceEngine, limits: DetectionLimits) -> list[Outcome]:
    pictures = [each for each in decoded if not isinstance(each, ItemError)]
    looked = iter(engine.look(pictures, limits) if pictures else [])
    return [each if isinstance(each, ItemError) else next(looked) for each in decoded]
