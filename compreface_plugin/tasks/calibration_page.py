"""The page of `calibrate`: one HTML file that needs nothing beside it, its curves drawn as SVG."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from typing import Any

from compreface_plugin.tasks.svg import Line, Plot

WORDS = {
    "all": "Everything",
    "portrait": "Pictures of performers",
    "image": "Images",
    "frame": "Scenes, by frames",
    "sprite": "Scenes, by preview pictures alone",
}
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#182026}
main{max-width:980px;margin:0 auto;padding:24px 16px}
h1{font-size:24px;margin:0 0 4px}h2{font-size:18px;margin:0 0 8px}
section{background:#fff;border:1px solid #d8dde3;border-radius:8px;padding:16px;margin:16px 0}
table{border-collapse:collapse;margin:8px 0}td,th{padding:3px 14px 3px 0;text-align:right}
th{font-weight:600;color:#4a5763}td:first-child,th:first-child{text-align:left}
.plots{display:flex;flex-wrap:wrap;gap:16px}.plots figure{margin:0;flex:1 1 420px;min-width:0}
figcaption{color:#4a5763;font-size:13px}svg{width:100%;height:auto;display:block}.few{color:#7a4b00}
@media (prefers-color-scheme:dark){body{background:#182026;color:#e6eaee}
section{background:#232c34;border-color:#3a4651}th,figcaption{color:#a9b6c2}.few{color:#ffc46b}}
"""


def page(answer: dict[str, Any], now: float) -> str:
    """`answer`: what `calibrate` tells; `now` in seconds since the epoch."""
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(now))
    head = (
        f"<h1>What the thresholds mean in this library</h1><p>{escape(made)}. Model {escape(answer['model'])}, "
        f"{answer['people']} performers enrolled. minSimilarity is {answer['minSimilarity']:g}; with so many people "
        f"a face needs {answer['required']:.3f}. Measured on faces that a person confirmed and on enrolled pictures, "
        "each held out of its own performer. <em>Wrong names</em>: how often such a face would be given the name of "
        "the performer most like it, were its own not enrolled. The lead over the next performer, which a run asks "
        "for as well, is not counted, so a run errs less. Where only names that were written were confirmed, the share "
        "found is too good: confirm proposals too.</p>"
    )
    body = head + _proposals(answer["proposals"]) + "".join(_source(each) for each in answer["sources"])
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Compreface: calibration</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def _proposals(proposals: Sequence[dict[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td>{each['wrongPer1000']:g}</td><td>{_number(each['minSimilarity'], '.3f')}</td>"
        f"<td>{_number(each['recall'], '.1%')}</td><td>{'yes' if each['measured'] else 'no: too few faces'}</td></tr>"
        for each in proposals
    )
    return (
        "<section><h2>Thresholds to choose from</h2><table><tr><th>wrong names per 1,000</th><th>minSimilarity</th>"
        f"<th>known faces found</th><th>measured</th></tr>{rows}</table></section>"
    )


def _source(source: dict[str, Any]) -> str:
    title = f"<h2>{escape(WORDS[source['source']])}: {source['faces']} faces</h2>"
    if not source["enough"]:
        return f"<section>{title}<p class=few>{escape(source['message'])}.</p>{_table(source)}</section>"
    return (
        f"<section>{title}{_table(source)}<div class=plots>{_figure(_spread(source), 'Similarities of faces')}"
        f"{_figure(_errors(source), 'Wrong names per 1,000 faces, and known faces found, by minSimilarity')}"
        "</div></section>"
    )


def _table(source: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{word} {now['threshold']:g}</td><td>{_number(now['wrongPer1000'], 'g')}</td>"
        f"<td>{now['expectedWrongPer1000']:g}</td><td>{_number(now['recall'], '.1%')}</td></tr>"
        for word, now in (("named from", source["current"]), ("proposed from", source["review"]))
    )
    return (
        "<table><tr><th></th><th>wrong names per 1,000</th><th>expected by the model</th><th>known faces found</th>"
        f"</tr>{rows}</table>"
    )


def _figure(svg: str, caption: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


def _spread(source: dict[str, Any]) -> str:
    """Both histograms as shares of their own faces; the dashed line is what is required now."""
    lines = []
    for key, word, colour in (("other", "nearest other person", "#c2410c"), ("same", "same person", "#15803d")):
        counts = source["histogram"][key]
        total = max(1, sum(counts))
        steps = [(edge / len(counts), count / total) for at, count in enumerate(counts) for edge in (at, at + 1)]
        lines.append(Line(f"{word} ({sum(counts)})", colour, steps, filled=True))
    top = max((share for line in lines for _, share in line.points), default=1.0) or 1.0
    return Plot("similarity", "share of faces", (0.0, 1.0), (0.0, top), percent=True).draw(
        lines, source["current"]["required"]
    )


def _errors(source: dict[str, Any]) -> str:
    """Wrong names on the left axis, faces found on the right one, over the values of minSimilarity."""
    points = source["points"]
    top = max([each["wrongPer1000"] for each in points] + [1.0])
    wrong = [(each["threshold"], each["wrongPer1000"]) for each in points]
    found = [(each["threshold"], each["recall"] * top) for each in points if each["recall"] is not None]
    lines = [Line("wrong names per 1,000", "#c2410c", wrong), Line("known faces found (top: all)", "#15803d", found)]
    return Plot("minSimilarity", "wrong names per 1,000", (points[0]["threshold"], 1.0), (0.0, top)).draw(
        [line for line in lines if line.points], source["current"]["threshold"]
    )


def _number(value: float | None, form: str) -> str:
    return "too few faces" if value is None else format(value, form)
