"""What the demonstration says in the terminal: a line a step, a bar where somebody watches, a table.

Without a terminal (a pipe, CI) there is no colour and no line is drawn twice.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demo.judge import Judged, Summary

COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "amber": "33", "blue": "36"}
BAR = 28  # characters


@dataclass(frozen=True, slots=True)
class StepDone:
    """One step of the demonstration as the report repeats it."""

    title: str
    outcome: str
    seconds: float


class Terminal:
    """Writes to stdout. Not thread-safe."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._colour = self.live and not os.environ.get("NO_COLOR")
        self._said = 0.0
        self.steps: list[StepDone] = []

    def paint(self, text: str, colour: str) -> str:
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self._colour and colour else text

    def say(self, text: str = "") -> None:
        print(text, flush=True)

    def step(self, title: str, work: Callable[[Callable[[float], None]], str]) -> StepDone:
        """Runs `work(tell)` and prints what it returns on one line; `tell(0..1)` draws the bar."""
        started = time.monotonic()
        self._said = 0.0

        def tell(fraction: float) -> None:
            self._bar(title, fraction, time.monotonic() - started)

        tell(0.0)
        outcome = work(tell)
        done = StepDone(title, outcome, time.monotonic() - started)
        self.steps.append(done)
        clear = "\r\x1b[K" if self.live else ""
        took = self.paint(f"({done.seconds:.1f} s)", "dim")
        self.say(f"{clear}  {self.paint(f'{title:<27}', 'green')} {outcome} {took}")
        return done

    def _bar(self, title: str, fraction: float, seconds: float) -> None:
        if not self.live:
            return
        full = round(BAR * min(1.0, max(0.0, fraction)))
        bar = self.paint("━" * full, "blue") + self.paint("━" * (BAR - full), "dim")
        left = f", about {seconds / fraction - seconds:.0f} s left" if fraction > 0.05 and seconds > 2 else ""
        print(f"\r\x1b[K  {title:<27} {bar} {fraction:4.0%}{self.paint(left, 'dim')}", end="", flush=True)

    def table(self, judged: Sequence[Judged]) -> None:
        """Item, who, similarity, verdict: one line a person, and one for an item without."""
        width = min(shutil.get_terminal_size((100, 24)).columns, 120)
        item_width = min(36, max(24, width - 62))
        self.say()
        self.say(self.paint(f"  {'item':<{item_width}} {'who':<15} {'similarity':<15} verdict", "bold"))
        for judgement in judged:
            title = _cut(judgement.image.title, item_width)
            for who, similarity, verdict, colour in rows_of(judgement):
                line = f"  {title:<{item_width}} {_cut(who, 15):<15} {similarity:<15} "
                self.say(line + self.paint(_cut(verdict, max(20, width - len(line))), colour))
                title = ""

    def summary(self, summary: Summary) -> None:
        self.say()
        colour = "green" if summary.good else "red"
        self.say(
            f"  {self.paint(f'{summary.right} named rightly', 'green')}, "
            f"{self.paint(f'{summary.wrong} wrongly', 'red' if summary.wrong else 'green')}, "
            f"{self.paint(f'{summary.missed} missed', 'amber' if summary.missed else 'green')} "
            f"({summary.faces} faces on {summary.items} items)"
        )
        groups = ", ".join(summary.incomplete_groups)
        verdict = f"somebody is missing on: {groups}" if groups else "everybody in the groups was named"
        self.say(f"  {self.paint(verdict, colour if groups or summary.good else 'green')}")


Row = tuple[str, str, str, str]  # who, similarity, verdict, colour


def rows_of(judged: Judged) -> list[Row]:
    """The lines of one item: people named and missed, strangers left alone, or why there is nobody."""
    rows: list[Row] = []
    for name in judged.named:
        face = judged.face_of(name)
        shown = f"{face.similarity:.3f} of {face.required:.3f}" if face else "-"
        wrong = name in judged.wrong
        rows.append((name, shown, "WRONG" if wrong else "right", "red" if wrong else "green"))
    for name in judged.missed:
        face = judged.face_of(name)
        shown = f"{face.similarity:.3f} of {face.required:.3f}" if face else "-"
        rows.append((name, shown, f"missed: {judged.why_missed(name)}", "amber"))
    told = [judged.face_of(name) for name in (*judged.named, *judged.missed)]
    others = [face for face in judged.faces if not any(face is each for each in told)]
    if judged.image.strangers and others:
        best = max(face.similarity for face in others)
        count = len(others)
        who = "a stranger" if count == 1 else f"{count} strangers"
        proposed = any(face.verdict == "review" for face in others)
        rows.append((who, f"{best:.3f} at most", "only proposed" if proposed else "left unnamed", "dim"))
    if not rows and judged.error:
        rows.append(("-", "-", judged.error.partition("): ")[2] or judged.error, "dim"))
    if not rows:
        rows.append(("-", "-", "nobody there" if not judged.faces else "left unnamed", "dim"))
    return rows


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
