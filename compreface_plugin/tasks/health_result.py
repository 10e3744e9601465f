"""What one check of `health` found."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARNING, FAULT = "ok", "warning", "fault"


@dataclass(frozen=True, slots=True)
class Detail:
    """One line below a check: an address, a key, a device, a folder. Messages are sentences with a code, or names and
    addresses, which are the same in every language."""

    name: str
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class Check:
    """`tried` False: nothing was asked this time, so it says nothing about when it last worked."""

    name: str
    state: str  # OK, WARNING or FAULT
    message: str
    next_step: str = ""
    details: tuple[Detail, ...] = ()
    tried: bool = True
    last_success: float | None = None  # seconds since the epoch
