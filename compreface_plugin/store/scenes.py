"""People seen in scenes.

Each is a face like any other (its embedding the template over the scene), with times beside it and the few sightings
that decide whether frames agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.faces import Box
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
        self, scene_id: int, people: Sequence[SeenPerson], *, model_id: str, detector_id: str, run_id: str
    ) -> list[int]:
        """Makes `people` those of the scene; their face ids, in order. Somebody whose best frame and box are those of
        somebody known keeps the id; who was not seen again is deleted, unless a person said something about the face.
        """
        known = {
            int(row[0]): (float(row[1]), Box(*row[2:]))
            for row in self._db.execute(
                "SELECT f.face_id, p.at_s, f.x_min, f.y_min, f.x_max, f.y_max FROM faces f"
                " JOIN scene_people p USING (face_id) WHERE f.kind = 'scene' AND f.item_id = ?",
                (scene_id,),
            )
        }
        ids = []
        for person in people:
            face_id = _take_same(person, known)
            face_id = self._faces.put(Kind.SCENE, scene_id, person.face, face_id, model_id=model_id,
                                      detector_id=detector_id, run_id=run_id)
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

    def of_scene(self, scene_id: int, model_id: str) -> list[KnownPerson]:
        """Most sightings first."""
        faces = {face.face_id: face for face in self._faces.of_items(Kind.SCENE, [scene_id], model_id)[scene_id]}
        rows = self._db.execute(
            "SELECT p.face_id, p.at_s, p.sightings, p.tiles, p.appearances FROM scene_people p"
            " JOIN faces f USING (face_id) WHERE f.kind = 'scene' AND f.item_id = ?"
            " ORDER BY p.sightings DESC, p.at_s, p.face_id",
            (scene_id,),
        )
        return [
            KnownPerson(faces[row[0]], row[1], row[2], bool(row[3]), tuple((a, b) for a, b in json.loads(row[4])))
            for row in rows
        ]

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


def _take_same(person: SeenPerson, known: dict[int, tuple[float, Box]]) -> int | None:
    for face_id, (at_s, box) in known.items():
        if abs(at_s - person.at_s) <= SAME_MOMENT_S and box.iou(person.face.box) >= SAME_FACE_IOU:
            del known[face_id]
            return face_id
    return None
