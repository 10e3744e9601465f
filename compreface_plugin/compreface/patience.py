"""How long a server that fell silent is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PATIENCE_S = 60.0
"""Pauses between tries in all: what a restart of its containers takes."""
LEAST_PATIENCE_S = 2.0
"""Enough to ask three times, after which a request that breaks the server is known for one."""
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0


def pauses(total_s: float) -> tuple[float, ...]:
    """Between tries: each twice as long as the one before, `total_s` together."""
    found: list[float] = []
    pause, left = FIRST_PAUSE_S, total_s
    while left > 0:
        found.append(min(pause, left))
        pause, left = min(2 * pause, LONGEST_PAUSE_S), left - found[-1]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for the server. `wait` sleeps and may raise Cancelled (a cancel token's `wait`)."""

    pauses_s: Sequence[float] = pauses(PATIENCE_S)
    wait: Callable[[float], None] = time.sleep

    @property
    def longest_s(self) -> float:
        return max(self.pauses_s, default=0.0)
