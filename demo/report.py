"""The report of the demonstration: one HTML file that needs nothing beside it.

Pictures are scaled down and stand in it as data URIs; boxes are drawn over them as SVG in fractions of the
upright picture. Every text from the library is escaped.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageOps, UnidentifiedImageError

from demo.terminal import rows_of

if TYPE_CHECKING:
    from demo.judge import Judged, SeenFace, Summary
    from demo.library import DemoPerformer, Library
    from demo.terminal import StepDone

PICTURE_WIDTH = 720  # pixels; shown at 340 to 400, sharp on dense screens
CROP_SIDE = 88
KINDS = (
    ("all", "Everything"),
    ("group", "Groups"),
    ("photograph", "Photographs"),
    ("variant", "Variants"),
    ("stranger", "Strangers"),
    ("empty", "Nobody there"),
    ("broken", "Broken files"),
)
VERDICT_WORDS = {"accept": "named", "review": "for review", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything that is shown."""

    library: Library
    judged: Sequence[Judged]
    summary: Summary
    steps: Sequence[StepDone]
    engine: str  # "dlib, cpu"
    enrolled: dict[str, str]  # performer name -> what Synchronize Performers said of them


def write(data: ReportData, path: Path) -> None:
    """Writes the report to `path`."""
    style = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    body = _head(data) + _steps(data.steps) + _people(data) + _items(data) + _foot()
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Stash Compreface: who is on the pictures</title><style>{style}</style></head>"
        f"<body><main>{body}</main><script>{_SCRIPT}</script></body></html>\n"
    )
    path.write_text(page, encoding="utf-8")


_SCRIPT = """
document.querySelectorAll('.filters input').forEach(button => button.addEventListener('change', () =>
  document.querySelectorAll('.item').forEach(item =>
    item.hidden = button.value !== 'all' && !item.dataset.kind.split(' ').includes(button.value))));
"""


def _head(data: ReportData) -> str:
    summary = data.summary
    figures = (
        ("", summary.items, "items"),
        ("", summary.faces, "faces found"),
        ("good", summary.right, "named rightly"),
        ("bad" if summary.wrong else "good", summary.wrong, "named wrongly"),
        ("warn" if summary.missed else "good", summary.missed, "missed"),
        ("bad" if summary.strangers_named else "good", summary.strangers_named, "strangers named"),
    )
    cells = "".join(
        f'<div class="figure {kind}"><b>{number}</b><span>{label}</span></div>'
        for kind, number, label in figures
    )
    return (
        "<h1>Who is on the pictures</h1>"
        '<p class="lead">A library of real photographs in a test Stash. The performers were enrolled with '
        f"one portrait each; the engine was {escape(data.engine)}. "
        "Only what stands in green was written to Stash.</p>"
        f'<div class="figures">{cells}</div>'
    )


def _steps(steps: Sequence[StepDone]) -> str:
    lines = "".join(
        f"<li><b>{escape(step.title)}</b><span>{escape(step.outcome)}</span><i>{step.seconds:.1f} s</i></li>"
        for step in steps
    )
    return f'<h2>What happened</h2><ol class="steps">{lines}</ol>'


def _people(data: ReportData) -> str:
    found = {performer.name: 0 for performer in data.library.performers}
    for judgement in data.judged:
        for name in judgement.named:
            found[name] = found.get(name, 0) + 1
    cards = "".join(_person(data, performer, found[performer.name]) for performer in data.library.performers)
    return f'<h2>Performers</h2><div class="people">{cards}</div>'


def _person(data: ReportData, performer: DemoPerformer, items: int) -> str:
    told = data.enrolled.get(performer.name) or performer.note
    text = f"on {items} item{'' if items == 1 else 's'}" if items else told or "on no item"
    picture = '<span class="none"></span>'
    if performer.portrait:
        shown = _open(data.library.path_of(performer.portrait))
        if shown:
            shown.thumbnail((160, 200))
            picture = f'<img alt="" src="{_data_uri(shown)}">'
    label = f"{escape(performer.name)}<small>{escape(text)}</small>"
    return f'<div class="person">{picture}<div>{label}</div></div>'


def _items(data: ReportData) -> str:
    present = {judgement.image.kind for judgement in data.judged} | {"all"}
    buttons = "".join(
        f'<label><input type="radio" name="kind" value="{kind}"{" checked" * (kind == "all")}>{label}</label>'
        for kind, label in KINDS
        if kind in present
    )
    order = {kind: place for place, (kind, _) in enumerate(KINDS)}
    judged = sorted(data.judged, key=lambda judgement: order.get(judgement.image.kind, 99))
    cards = "".join(_item(judgement, data.library) for judgement in judged)
    return f'<h2>Items</h2><div class="filters">{buttons}</div><div class="items">{cards}</div>'


def _item(judged: Judged, library: Library) -> str:
    picture = _open(library.path_of(judged.image.file))
    if picture is None:
        shown = '<div class="gone">no picture can be read from this file</div>'
        crops = [""] * len(judged.faces)
    else:
        crops = [_crop(picture, face) for face in judged.faces]
        picture.thumbnail((PICTURE_WIDTH, PICTURE_WIDTH * 2))
        shown = f'<img alt="{escape(judged.image.title)}" src="{_data_uri(picture)}">{_overlay(judged)}'
    faces = "".join(_face(judged, face, crop) for face, crop in zip(judged.faces, crops, strict=True))
    listed = f'<ul class="faces">{faces}</ul>' if faces else ""
    return (
        f'<article class="item" data-kind="{judged.image.kind}"><div class="picture">{shown}</div>'
        f'<div class="caption"><b>{escape(judged.image.title)}</b><small>{_count(judged)}</small></div>'
        f"{listed}{_notes(judged)}</article>"
    )


def _count(judged: Judged) -> str:
    if not judged.faces:
        return ""
    return f"{len(judged.named)} of {len(judged.faces)} face{'' if len(judged.faces) == 1 else 's'} named"


def _kind_of(judged: Judged, face: SeenFace) -> str:
    """The colour of a face: its verdict, or wrong where an accepted name is not true."""
    return "wrong" if face.verdict == "accept" and face.name not in judged.image.people else face.verdict


def _overlay(judged: Judged) -> str:
    boxes, tags = [], []
    for face in judged.faces:
        x_min, y_min, x_max, y_max = (min(1.0, max(0.0, value)) for value in face.box)
        kind = _kind_of(judged, face)
        boxes.append(
            f'<rect class="box-{kind}" x="{x_min:.4f}" y="{y_min:.4f}" '
            f'width="{x_max - x_min:.4f}" height="{y_max - y_min:.4f}"/>'
        )
        if face.verdict == "unknown":
            continue
        low = y_min < 0.07  # no room above the box
        # Labels of small boxes stand over their middle, so that neighbours do not cover each other.
        middle = x_max - x_min < 0.25 and 0.12 < (x_min + x_max) / 2 < 0.88
        left = not middle and x_min > 0.7  # no room to the right: the label ends at the box's right edge
        side = "left" if left else "middle" if middle else "right"
        x = {"left": x_max, "middle": (x_min + x_max) / 2, "right": x_min}[side]
        place = f"left:{x:.2%};top:{y_max if low else y_min:.2%}"
        text = face.name + ("?" if face.verdict == "review" else "")
        classes = f"tag {kind} {side}{' low' if low else ''}"
        tags.append(f'<span class="{classes}" style="{place}">{escape(text)}</span>')
    svg = f'<svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">{"".join(boxes)}</svg>'
    return svg + "".join(tags)


def _face(judged: Judged, face: SeenFace, crop: str) -> str:
    kind = _kind_of(judged, face)
    name = face.name if face.verdict != "unknown" else f"nobody we know (nearest: {face.name or 'none'})"
    chip = "named wrongly" if kind == "wrong" else VERDICT_WORDS.get(face.verdict, face.verdict)
    meter = (
        f'<div class="meter {face.verdict}"><u style="width:{min(1.0, face.similarity):.1%}"></u>'
        f'<i style="left:{min(1.0, face.required):.1%}"></i></div>'
    )
    why = f'<span class="why">{escape(face.reason)}</span>' if face.reason else ""
    picture = f'<img alt="" src="{crop}">' if crop else "<span></span>"
    return (
        f'<li>{picture}<span class="name">{escape(name)}</span><span class="chip {kind}">{chip}</span>'
        f'{meter}<span class="score">{face.similarity:.3f} of {face.required:.3f}</span>{why}</li>'
    )


def _notes(judged: Judged) -> str:
    notes = [("missed", f"Missed: {name} ({judged.why_missed(name)})") for name in judged.missed]
    notes += [("wrong", f"Not on this picture: {name}") for name in judged.wrong]
    if judged.error:
        notes.append(("", judged.error))
    elif not judged.faces and not notes:
        notes.append(("", rows_of(judged)[0][2]))
    return "".join(f'<p class="note {kind}">{escape(text)}</p>' for kind, text in notes)


def _foot() -> str:
    return (
        "<footer>The tick on each bar is what was required for a name there: the setting minSimilarity, "
        "corrected for the number of people. The photographs come from test data of packages on PyPI. Many "
        "items are variants of few photographs, so these counts are no measure of accuracy "
        "(docs/thresholds.md has those).</footer>"
    )


def _open(path: Path) -> Image.Image | None:
    try:
        with Image.open(path) as picture:
            return ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, UnidentifiedImageError):
        return None


def _crop(picture: Image.Image, face: SeenFace) -> str:
    """The face as a small square with a margin of a fifth of the box."""
    x_min, y_min, x_max, y_max = face.box
    centre_x, centre_y = (x_min + x_max) / 2 * picture.width, (y_min + y_max) / 2 * picture.height
    half = 0.7 * max((x_max - x_min) * picture.width, (y_max - y_min) * picture.height)
    box = (int(centre_x - half), int(centre_y - half), int(centre_x + half), int(centre_y + half))
    return _data_uri(picture.crop(box).resize((CROP_SIDE, CROP_SIDE), Image.Resampling.LANCZOS))


def _data_uri(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
