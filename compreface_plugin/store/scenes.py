"""People seen in scenes, and in clips filed as images.

Each is a face like any other (its embedding the template over the scene), with times beside it and the few sightings
that decide whether frames agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import Kind, Look, StoredFace
from compreface_plugin.store.vectors import from_blob, to_blob

if TYPE_CHECKING:
    import sqlite3

    from compreface_plugin.domain.faces import Float32, SeenFace
    from compreface_plugin.store.faces import Faces

SAME_MOMENT_S = 1.0  # best frames this near, with boxes that overlap, show one person
SAME_FACE_IOU = 0.5

Spans = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Exemplar:
    """One sighting that may vote. `embedding` None: not yet made by the model asked for."""

    at_s: float
    weight: float
    crop_jpeg: bytes
    embedding: Float32 | None


@dataclass(frozen=True, slots=True, eq=False)
class SeenPerson:
    """Somebody seen in a scene, to be kept. `face`: the best sighting with the template as embedding."""

    face: SeenFace
    at_s: float
    sightings: int
    tiles: bool
    appearances: Spans
    exemplars: tuple[Exemplar, ...]


@dataclass(frozen=True, slots=True, eq=False)
class KnownPerson:
    """The same, as kept."""

    face: StoredFace
    at_s: float
    sightings: int
    tiles: bool
    appearances: Spans


class ScenePeople:
    def __init__(self, db: sqlite3.Connection, faces: Faces) -> None:
        self._db = db
        self._faces = faces

    def replace(
        self,
        kind: Kind,
        item_id: int,
        people: Sequence[SeenPerson],
        *,
        model_id: str,
        detector_id: str,
        run_id: str,
        same_at: float,
    ) -> list[int]:
        """Makes `people` those of the scene, or of the clip filed as image; their face ids, in order. Somebody known
        keeps the id: by the same place in the same moment, or by a cosine of `same_at` or more. Who was not seen again
        is deleted, unless a person said something about the face.
        """
        known = {person.face.face_id: person for person in self.of_item(kind, item_id, model_id)}
        same = _same_people(people, list(known.values()), same_at)
        ids = []
        for n, person in enumerate(people):
            face_id = self._faces.put(kind, item_id, person.face, same.get(n), model_id=model_id,
                                      detector_id=detector_id, run_id=run_id)
            known.pop(face_id, None)
            self._keep(face_id, person, model_id)
            ids.append(face_id)
        self._db.executemany(
            "DELETE FROM faces WHERE face_id = ? AND face_id NOT IN"
            " (SELECT face_id FROM decisions WHERE face_id IS NOT NULL)",
            [(face_id,) for face_id in known],
        )
        return ids

    def _keep(self, face_id: int, person: SeenPerson, model_id: str) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO scene_people (face_id, at_s, sightings, tiles, appearances) VALUES (?, ?, ?, ?, ?)",
            (face_id, person.at_s, person.sightings, int(person.tiles), json.dumps(person.appearances)),
        )
        self._db.execute("DELETE FROM sighting_embeddings WHERE face_id = ?", (face_id,))
        self._db.execute("DELETE FROM sightings WHERE face_id = ?", (face_id,))
        self._db.executemany(
            "INSERT INTO sightings (face_id, n, at_s, weight, crop) VALUES (?, ?, ?, ?, ?)",
            [(face_id, n, e.at_s, e.weight, e.crop_jpeg) for n, e in enumerate(person.exemplars)],
        )
        made = ((n, e.embedding) for n, e in enumerate(person.exemplars) if e.embedding is not None)
        self.add_embeddings(face_id, model_id, made)

    def add_embeddings(self, face_id: int, model_id: str, made: Iterable[tuple[int, Float32]]) -> None:
        """(number of the sighting, embedding) of one person."""
        self._db.executemany(
            "INSERT OR REPLACE INTO sighting_embeddings (face_id, n, model_id, embedding) VALUES (?, ?, ?, ?)",
            [(face_id, n, model_id, to_blob(embedding)) for n, embedding in made],
        )

    def of_item(self, kind: Kind, item_id: int, model_id: str) -> list[KnownPerson]:
        """Most sightings first."""
        faces = {face.face_id: face for face in self._faces.of_items(kind, [item_id], model_id)[item_id]}
        rows = self._db.execute(
            "SELECT p.face_id, p.at_s, p.sightings, p.tiles, p.appearances FROM scene_people p"
            " JOIN faces f USING (face_id) WHERE f.kind = ? AND f.item_id = ?"
            " ORDER BY p.sightings DESC, p.at_s, p.face_id",
            (kind.value, item_id),
        )
        return [
            KnownPerson(faces[row[0]], row[1], row[2], bool(row[3]), tuple((a, b) for a, b in json.loads(row[4])))
            for row in rows
        ]

    def moving(self, kind: Kind, item_ids: Sequence[int]) -> set[int]:
        """Those of the items whose faces belong to different moments: scenes, and clips filed as images."""
        rows = self._db.execute(
            "SELECT DISTINCT f.item_id FROM json_each(?) i JOIN faces f ON f.kind = ? AND f.item_id = i.value"
            " JOIN scene_people p ON p.face_id = f.face_id",
            (json.dumps(list(item_ids)), kind.value),
        )
        return {int(row[0]) for row in rows}

    def exemplars(self, face_id: int, model_id: str) -> list[Exemplar]:
        """The sightings of one person that may vote, in order of time."""
        rows = self._db.execute(
            "SELECT s.at_s, s.weight, s.crop, e.embedding FROM sightings s LEFT JOIN sighting_embeddings e"
            " ON e.face_id = s.face_id AND e.n = s.n AND e.model_id = ? WHERE s.face_id = ? ORDER BY s.n",
            (model_id, face_id),
        )
        return [Exemplar(r[0], r[1], bytes(r[2]), None if r[3] is None else from_blob(r[3])) for r in rows]

    def look(self, scene_id: int) -> Look | None:
        """The last look at the scene, with whatever model."""
        row = self._db.execute(
            "SELECT item_id, fingerprint, min_face_px, faces FROM looks WHERE kind = 'scene' AND item_id = ?"
            " ORDER BY looked_at DESC LIMIT 1",
            (scene_id,),
        ).fetchone()
        return Look(*row) if row else None


def _same_people(people: Sequence[SeenPerson], known: Sequence[KnownPerson], same_at: float) -> dict[int, int]:
    """Index of a person -> id of the face that is the same one; the most alike first, each once."""
    pairs = sorted(
        (-likeness, n, before.face.face_id)
        for n, person in enumerate(people)
        for before in known
        if (likeness := _likeness(person, before)) >= same_at
    )
    same: dict[int, int] = {}
    for _, n, face_id in pairs:
        if n not in same and face_id not in same.values():
            same[n] = face_id
    return same


def _likeness(person: SeenPerson, known: KnownPerson) -> float:
    """Cosine; 2 for one place in one moment, whatever the model."""
    if abs(known.at_s - person.at_s) <= SAME_MOMENT_S and known.face.box.iou(person.face.box) >= SAME_FACE_IOU:
        return 2.0
    return -1.0 if known.face.embedding is None else float(known.face.embedding @ person.face.embedding)
