"""The report of a switch of engines in sentences, for the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def lines(report: Mapping[str, Any]) -> list[str]:
    """The report for the log."""
    kept = ", ".join(f"{what} {n['seen']} of {n['crops']}" for what, n in report["kept"].items())
    held = ", ".join(f"{n} {what}" for what, n in _words(report["labels"]["after"]))
    told = [
        f"embedded by {report['to']}: {kept}",
        f"labels lost: {report['labels']['lost']} ({held})",
    ]
    unseen = report["unseen"]
    if unseen["examples"] or unseen["namedFaces"]:
        told.append(
            f"{unseen['examples']} examples and {unseen['namedFaces']} named faces cannot be seen by {report['to']}: "
            "they keep their names, and are used again by an engine that sees them"
        )
    told += [_engine_line(report["engines"][side]) for side in ("old", "new") if side in report["engines"]]
    for word in ("named", "confirmed"):
        if word in report and report[word]["faces"]:
            told.append(_change_line(word, report[word]))
    unknown = report.get("unknown", {}).get("new", {"faces": 0})
    if unknown["faces"]:
        told.append(
            f"of {unknown['faces']} unknown faces {unknown['named']} would be named, {unknown['proposed']} proposed"
        )
    return told


def _words(count: Mapping[str, int]) -> list[tuple[str, int]]:
    names = {"namedFaces": "named faces", "links": "links to performers"}
    return [(names.get(what, what), n) for what, n in count.items()]


def _engine_line(view: Mapping[str, Any]) -> str:
    means = f"minSimilarity {view['minSimilarity']:g} with {view['people']} performers means {view['required']:.3f}"
    said = [f"{means}, cosine {view['cosine']:.3f}"]
    if view["ownPersonNearest"] is not None:
        said.append(f"own person nearest for {view['ownPersonNearest']:.1%} of the known faces")
    if view["samePerson"]["median"] is not None and view["otherPerson"]["median"] is not None:
        said.append(
            f"similarity {view['samePerson']['median']:.2f} to the same and {view['otherPerson']['median']:.2f} to the "
            "nearest other person (medians)"
        )
    if view["recall"] is not None and view["wrongPer1000"] is not None:
        said.append(f"{view['recall']:.1%} found, {view['wrongPer1000']:g} wrong names per 1,000")
    return f"{view['model']}: " + "; ".join(said)


def _change_line(word: str, change: Mapping[str, Any]) -> str:
    whose = "named faces" if word == "named" else "faces that people confirmed"
    moves = ", ".join(f"{n} {_arrow(move)}" for move, n in change["moves"].items())
    return (
        f"{whose}: {change['alike']} of {change['faces']} would be treated alike ({change['agreement']:.1%})"
        + (f"; {moves}" if moves else "")
    )


def _arrow(move: str) -> str:
    words = {"anotherNamed": "another name", "anotherProposed": "another proposed"}
    return " -> ".join(words.get(word, word) for word in move.split(">"))
