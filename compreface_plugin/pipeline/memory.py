"""Where verdicts meet what people said before: every task that judges faces of items passes them through here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.memory import (
    Decision,
    MemoryRule,
    Recollection,
    apply_memory,
    decisions_at,
    neighbourhood,
    recollect,
)

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Box, Float32
    from compreface_plugin.domain.operating_points import OperatingPoint
    from compreface_plugin.domain.records import Kind, VerdictRecord
    from compreface_plugin.store.decisions import DecidedFaces
    from compreface_plugin.store.store import Store


@dataclass(frozen=True, slots=True, eq=False)
class JudgedItem:
    """The faces of one item in the order of their verdicts. An embedding may be missing."""

    item_id: int
    fingerprint: str
    boxes: Sequence[Box]
    embeddings: Sequence[Float32 | None]
    verdicts: Sequence[VerdictRecord]
    moving: bool = False  # a scene or clip: boxes belong to different moments


class Memory:
    """The decisions of the store for one model. Follows what is decided while a run goes on."""

    def __init__(
        self,
        store: Store,
        model_id: str,
        point: OperatingPoint,
        review_at: float,
        performers: Collection[str] | None = None,
    ) -> None:
        """`review_at`: similarity from which a face is proposed in the gallery at hand. `performers`: those that still
        exist; what was confirmed as another one holds no more. None: all do."""
        self._performers = performers
        self._store = store
        self._model_id = model_id
        self._rule = MemoryRule.of(point, review_at)
        self._version: tuple[int, int] | None = None
        self._decided: DecidedFaces | None = None
        self._row_of: dict[int, int] = {}

    def apply(self, kind: Kind, items: Sequence[JudgedItem]) -> list[list[VerdictRecord]]:
        """The verdicts of each item as people left them, in order. Reads the store once a call."""
        decided = self._read()
        if self._version is None or self._version[0] == 0:
            return [list(item.verdicts) for item in items]
        said = self._store.decisions.of_items(kind, [item.item_id for item in items])
        judged = []
        for item in items:
            about = self._about_person if item.moving else self._about_place
            judged.append(self._item(item, about(item, said.get(item.item_id, []), decided), decided))
        return judged

    def _read(self) -> DecidedFaces:
        version = self._store.decisions.version()
        if self._decided is None or version != self._version:
            self._decided = self._store.decisions.embedded(self._model_id)
            self._row_of = {each.decision_id: row for row, each in enumerate(self._decided.decisions)}
            self._version = version
        return self._decided

    def _item(
        self, item: JudgedItem, about: Sequence[Sequence[Decision]], decided: DecidedFaces
    ) -> list[VerdictRecord]:
        """`about`: for each face, what was said about it."""
        judged = []
        for said, embedding, verdict in zip(about, item.embeddings, item.verdicts, strict=True):
            near = (
                Recollection()
                if embedding is None
                else neighbourhood(embedding, decided.embeddings, decided.decisions, self._rule)
            )
            kept = [each for each in said if self._exists(each)]
            judged.append(apply_memory(verdict, recollect(kept), self._rule, near))
        return judged

    def _about_place(
        self, item: JudgedItem, said: Sequence[Decision], decided: DecidedFaces
    ) -> list[list[Decision]]:
        """Of a picture: what was said about the face in the same place."""
        return [
            [
                each
                for each in decisions_at(box, item.boxes, said)
                if self._still_holds(each, item.fingerprint, embedding, decided)
            ]
            for box, embedding in zip(item.boxes, item.embeddings, strict=True)
        ]

    def _about_person(
        self, item: JudgedItem, said: Sequence[Decision], decided: DecidedFaces
    ) -> list[list[Decision]]:
        """Of a scene: boxes belong to different moments, so what was said is about the one person who is most alike,
        and near enough to be the same; by the very same box where the model has not embedded what was decided."""
        about: list[list[Decision]] = [[] for _ in item.boxes]
        for each in said:
            row = self._row_of.get(each.decision_id)
            if row is None:
                alike = [1.0 if box == each.box else -1.0 for box in item.boxes]
            else:
                seen = decided.embeddings[row]
                alike = [-1.0 if e is None else float(seen @ e) for e in item.embeddings]
            nearest = max(range(len(alike)), key=alike.__getitem__, default=None)
            if nearest is not None and alike[nearest] >= self._rule.same_face_at:
                about[nearest].append(each)
        return about

    def _exists(self, decision: Decision) -> bool:
        return decision.performer_id is None or self._performers is None or decision.performer_id in self._performers

    def _still_holds(
        self, decision: Decision, fingerprint: str, embedding: Float32 | None, decided: DecidedFaces
    ) -> bool:
        """A file put in the place of another shows somebody else in the same box, unless the faces agree."""
        if not decision.fingerprint or not fingerprint or decision.fingerprint == fingerprint:
            return True
        row = self._row_of.get(decision.decision_id)
        if row is None or embedding is None:
            return False
        return float(decided.embeddings[row] @ embedding) >= self._rule.same_photo_at
