"""A small plot as SVG text: lines over two axes, and a mark where something stands now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 460, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 44, 40
_TICKS = 5

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    colour: str
    points: Sequence[Point]
    filled: bool = False  # down to the axis


@dataclass(frozen=True, slots=True)
class Plot:
    """`across` and `upwards`: (least, most) of the axes, least below most. Values beyond them are drawn at the edge."""

    x_name: str
    y_name: str
    across: Point
    upwards: Point
    percent: bool = False  # how the upward axis is written

    def draw(self, lines: Sequence[Line], now: float | None = None) -> str:
        """The SVG element. `now`: a dashed line across the plot at this value of the x axis."""
        parts = [self._axes(), *(self._line(line) for line in lines), *self._names(lines)]
        if now is not None:
            x = self._x(now)
            parts.append(
                f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{HEIGHT - _BOTTOM}" stroke="currentColor" '
                f'stroke-dasharray="4 3"/><text x="{x - 4:.1f}" y="{_TOP + 12}" text-anchor="end">now {now:.3g}</text>'
            )
        label = escape(f"{self.y_name} over {self.x_name}", quote=True)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}" '
            f'font-size="11" fill="currentColor">{"".join(parts)}</svg>'
        )

    def _x(self, value: float) -> float:
        least, most = self.across
        return _LEFT + _clamped((value - least) / (most - least)) * (WIDTH - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        least, most = self.upwards
        return HEIGHT - _BOTTOM - _clamped((value - least) / (most - least)) * (HEIGHT - _TOP - _BOTTOM)

    def _axes(self) -> str:
        made = []
        for step in range(_TICKS + 1):
            x = self.across[0] + (self.across[1] - self.across[0]) * step / _TICKS
            y = self.upwards[0] + (self.upwards[1] - self.upwards[0]) * step / _TICKS
            high = f"{y:.0%}" if self.percent else f"{y:.3g}"
            made.append(
                f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{self._y(y):.1f}" y2="{self._y(y):.1f}" '
                'stroke="currentColor" stroke-opacity="0.15"/>'
                f'<text x="{_LEFT - 6}" y="{self._y(y) + 4:.1f}" text-anchor="end">{high}</text>'
                f'<text x="{self._x(x):.1f}" y="{HEIGHT - _BOTTOM + 16}" text-anchor="middle">{x:.3g}</text>'
            )
        middle = (_LEFT + WIDTH - _RIGHT) / 2
        made.append(f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(self.x_name)}</text>')
        return "".join(made)

    def _line(self, line: Line) -> str:
        path = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in line.points)
        drawn = f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="1.8"/>'
        if not line.filled or not line.points:
            return drawn
        floor = self._y(self.upwards[0])
        first, last = self._x(line.points[0][0]), self._x(line.points[-1][0])
        corners = f"{first:.1f},{floor:.1f} {path} {last:.1f},{floor:.1f}"
        return f'<polygon points="{corners}" fill="{line.colour}" fill-opacity="0.2"/>{drawn}'

    def _names(self, lines: Sequence[Line]) -> list[str]:
        return [
            f'<rect x="{_LEFT}" y="{6 + 16 * at}" width="10" height="10" fill="{line.colour}"/>'
            f'<text x="{_LEFT + 15}" y="{15 + 16 * at}">{escape(line.name)}</text>'
            for at, line in enumerate(lines)
        ]


def _clamped(share: float) -> float:
    return min(1.0, max(0.0, share))
