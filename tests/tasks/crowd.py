"""Many faces that wait for a person: real ones of a small world, standing on many more images and performers."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from tasks.conftest import World

EAGER = {"minSimilarity": "0.999999", "reviewSimilarity": "0.3"}  # accepts nobody, proposes nearly everybody
APART = 0.25  # of the copies' embeddings, as distance from the real one


def fill_queue(world: World, count: int) -> None:
    """`count` more images with a face to review each.

    Crops, embeddings (a little apart from each other) and verdicts are copies of what the plugin found on the real
    images, which must wait already.
    """
    images = _images(world, count)
    random = np.random.default_rng(7)
    with sqlite3.connect(world.data / "compreface.sqlite", timeout=30) as db:
        waiting = db.execute(
            "SELECT f.face_id FROM verdicts v JOIN faces f USING (face_id) WHERE v.verdict = 'review'"
            " AND f.kind = 'image' ORDER BY f.face_id"
        ).fetchall()
        for n, image in enumerate(images):
            _copy(db, waiting[n % len(waiting)][0], image, random)
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


def _copy(db: sqlite3.Connection, face: int, image: str, random: np.random.Generator) -> None:
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
        other = vector + random.normal(0, APART / len(vector) ** 0.5, len(vector)).astype("<f4")
        db.execute(
            "INSERT INTO face_embeddings VALUES (?, ?, ?)", (new, model, (other / np.linalg.norm(other)).tobytes())
        )
    db.execute(
        "INSERT INTO verdicts SELECT ?, verdict, model_id, run_id, performer_id, similarity, required, margin, reason,"
        " candidates FROM verdicts WHERE face_id = ?",
        (new, face),
    )
    db.execute(
        "INSERT INTO items (kind, item_id, scanned_at, fingerprint) SELECT 'image', ?, scanned_at, ? FROM items i"
        " JOIN faces f ON f.kind = i.kind AND f.item_id = i.item_id WHERE f.face_id = ?",
        (image, f"crowd {image}", face),
    )
