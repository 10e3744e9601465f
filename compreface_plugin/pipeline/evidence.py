"""What the library itself says about an engine: every face whose person is known, held against the enrolled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compreface_plugin.domain.calibration import Curve
from compreface_plugin.domain.leave_out import Enrolled, HeldOut, Known, hold_out
from compreface_plugin.domain.operating_points import OperatingPoint, operating_point
from compreface_plugin.domain.records import Kind
from compreface_plugin.pipeline.judge import current_cohort

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from compreface_plugin.domain.faces import EngineInfo, Float32
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.store.labels import ExampleLabel, Label

ALL, PORTRAIT, IMAGE, FRAME, SPRITE = "all", "portrait", "image", "frame", "sprite"
SOURCES = (ALL, PORTRAIT, IMAGE, FRAME, SPRITE)
MOST_FACES = 10_000
"""Faces that are held against everybody, spread evenly over the library: bounds the time of an answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Row i of `scores`, `sources`, `performer_ids` and `labels` is one face. `labels` None: an enrolled picture."""

    model_id: str
    point: OperatingPoint
    people: int  # enrolled
    scores: HeldOut
    sources: tuple[str, ...]
    performer_ids: tuple[str, ...]
    labels: tuple[Label | None, ...]

    def rows(self, source: str) -> NDArray[np.int64]:
        return np.array([row for row, its in enumerate(self.sources) if source in (ALL, its)], np.int64)

    def curve(self, source: str = ALL) -> Curve:
        return Curve.of(self.point, self.people, self.scores, self.rows(source))


def gather(context: Context, info: EngineInfo, *, confirmed_only: bool, most: int = MOST_FACES) -> Evidence:
    """All that one model has seen. `confirmed_only`: without faces that nobody but the plugin named, which a
    threshold would be measured against itself by. `most`: faces that are held against everybody."""
    store = context.store.labels
    every = store.examples(info.model_id)
    examples = [each for each in every if each.embedding is not None]
    rows = {each.example_id: row for row, each in enumerate(examples)}
    row_of = {each.face_id: row for row, each in enumerate(examples) if each.face_id is not None}
    known: list[tuple[str, str, int, Label | None]] = [
        (PORTRAIT, each.performer_id, rows.get(each.example_id, -1), None) for each in every if each.face_id is None
    ]
    known += [
        (_source(face), face.performer_id, _own_row(face, row_of, examples), face)
        for face in store.faces(info.model_id, confirmed_only=confirmed_only)
    ]
    known = known[:: -(-len(known) // most) or 1]  # the same faces for every model, before the unseen go
    known = [each for each in known if (each[2] >= 0 if each[3] is None else each[3].seen)]
    embeddings = [examples[row].embedding for _, _, row, label in known if label is None]
    embeddings += store.embeddings((label.face_id for *_, label in known if label is not None), info.model_id)
    point = operating_point(info.model_id, info.pack)
    scores = hold_out(
        info.model_id,
        point,
        Enrolled(
            _stack([each.embedding for each in examples]),
            tuple(each.subject_id for each in examples),
            tuple(each.performer_id for each in examples),
        ),
        current_cohort(context, info),
        Known(_stack(embeddings), tuple(each[1] for each in known), tuple(each[2] for each in known)),
    )
    return Evidence(
        info.model_id,
        point,
        len({each.performer_id for each in examples}),
        scores,
        tuple(each[0] for each in known),
        tuple(each[1] for each in known),
        tuple(each[3] for each in known),
    )


def _own_row(face: Label, row_of: dict[int, int], examples: list[ExampleLabel]) -> int:
    row = row_of.get(face.face_id, -1)
    return row if row >= 0 and examples[row].performer_id == face.performer_id else -1


def _source(face: Label) -> str:
    if face.kind is Kind.SCENE:
        return SPRITE if face.tiles else FRAME
    return IMAGE


def _stack(rows: Sequence[Float32 | None]) -> Float32:
    """(N, D) of the rows that are there; N may be 0."""
    there = [row for row in rows if row is not None]
    return np.stack(there) if there else np.empty((0, 0), np.float32)
