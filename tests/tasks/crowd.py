"""Many faces that wait for a person: real ones of a small world, standing on many more images and performers."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from tasks.conftest import World

EAGER = {"minSimilarity": "0.999999", "reviewSimilarity": "0.3"}  # accepts nobody, proposes nearly everybody


def fill_queue(world: World, count: int, performers: int = 0) -> None:
    """`count` more images with a face to review each, by turns for the performers and `performers` new ones.

    Crops, embeddings (a little apart from each other) and verdicts are copies of what the plugin found on the real
    images, which must wait already. The new performers are enrolled by copies of the real examples.
    """
    images = _images(world, count)
    who = [str(world.stash.add_performer(f"Person of the crowd {n:05}")) for n in range(performers)]
    random = np.random.default_rng(7)
    with sqlite3.connect(world.data / "compreface.sqlite", timeout=30) as db:
        _enrol(db, who)
        waiting = db.execute(
            "SELECT f.face_id, v.performer_id FROM verdicts v JOIN faces f USING (face_id) WHERE v.verdict = 'review'"
            " AND f.kind = 'image' ORDER BY f.face_id"
        ).fetchall()
        for n, image in enumerate(images):
            face, performer = waiting[n % len(waiting)]
            _copy(db, face, image, who[n % len(who)] if who else performer, performer, random)
    db.close()


def _images(world: World, count: int) -> list[str]:
    folder = world.folder / "crowd"
    folder.mkdir()
    cup = Image.open(world.photos / "coffee.png").convert("RGB").resize((90, 60))
    added = []
    for n in range(count):
        cup.putpixel((0, 0), (n // 65536, n // 256 % 256, n % 256))
        cup.save(path := folder / f"{n:05}.png")
        added.append(str(world.stash.add_image(path, title=f"Crowd {n:05}")))
    return added


def _enrol(db: sqlite3.Connection, performers: list[str]) -> None:
    examples = [row[0] for row in db.execute("SELECT example_id FROM examples ORDER BY example_id")]
    for n, performer in enumerate(performers):
        subject = db.execute(
            "INSERT INTO subjects (name, performer_id, created_at) VALUES (?, ?, 0)", (f"crowd {performer}", performer)
        ).lastrowid
        old = examples[n % len(examples)]
        new = db.execute(
            "INSERT INTO examples (subject_id, origin, origin_id, quality, crop, created_at)"
            " SELECT ?, origin, ?, quality, crop, created_at FROM examples WHERE example_id = ?",
            (subject, performer, old),
        ).lastrowid
        db.execute(
            "INSERT INTO example_embeddings SELECT ?, model_id, embedding FROM example_embeddings WHERE example_id = ?",
            (new, old),
        )


def _copy(
    db: sqlite3.Connection, face: int, image: str, performer: str, instead_of: str, random: np.random.Generator
) -> None:
    named = [row[1] for row in db.execute("PRAGMA table_info(faces)")]
    columns = ", ".join(each for each in named if each not in ("face_id", "item_id"))
    new = db.execute(
        f"INSERT INTO faces (item_id, {columns}) SELECT ?, {columns} FROM faces WHERE face_id = ?",
        (image, face),
    ).lastrowid
    db.execute("INSERT INTO face_crops SELECT ?, crop FROM face_crops WHERE face_id = ?", (new, face))
    known = db.execute("SELECT model_id, embedding FROM face_embeddings WHERE face_id = ?", (face,)).fetchall()
    for model, blob in known:
        vector = np.frombuffer(blob, "<f4")
        other = vector + random.normal(0, 0.5 / len(vector) ** 0.5, len(vector)).astype("<f4")
        db.execute(
            "INSERT INTO face_embeddings VALUES (?, ?, ?)", (new, model, (other / np.linalg.norm(other)).tobytes())
        )
    [text] = db.execute("SELECT candidates FROM verdicts WHERE face_id = ?", (face,)).fetchone()
    candidates = [[performer if who == instead_of else who, subject, score] for who, subject, score in json.loads(text)]
    db.execute(
        "INSERT INTO verdicts SELECT ?, verdict, model_id, run_id, ?, similarity, required, margin, reason, ?"
        " FROM verdicts WHERE face_id = ?",
        (new, performer, json.dumps(candidates), face),
    )
    db.execute(
        "INSERT INTO items (kind, item_id, scanned_at, fingerprint) SELECT 'image', ?, scanned_at, ? FROM items i"
        " JOIN faces f ON f.kind = i.kind AND f.item_id = i.item_id WHERE f.face_id = ?",
        (image, f"crowd {image}", face),
    )
