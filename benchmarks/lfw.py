"""The LFW development set as the accuracy measurements see it: one embedding per picture, and draws of it.

Expects `faces/lfw/index.csv` (role, identity, file) in the data folder: people with several pictures (role
`known`) and people with one (role `stranger`). The labelled person is the face nearest the centre. Embeddings are
kept in a cache folder under the name of the model and a digest of the engine's source.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from compreface_plugin.domain.errors import ItemError
from compreface_plugin.domain.faces import DetectionLimits, Picture, SeenFace
from compreface_plugin.engine.select import open_engine

if TYPE_CHECKING:
    from compreface_plugin.ports import FaceEngine

ENGINES = ("dlib", "light", "buffalo_sc_int8")
PROBES_PER_PERSON = 5
_MIN_FACE_PX = 64 * 2 / 3  # what identifying uses by default
_BATCH = 16

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FaceSet:
    """One engine's faces of all pictures in which it found one."""

    pack: str
    model_id: str
    embeddings: Float32  # (N, D)
    known: NDArray[np.bool_]  # (N,)
    identities: NDArray[np.str_]  # (N,)
    pictures: int  # how many there were, found or not

    @property
    def strangers(self) -> Int64:
        return np.flatnonzero(~self.known)

    def pictures_of_known(self) -> dict[str, Int64]:
        """Rows of every known person, by name."""
        return {
            str(name): np.flatnonzero(self.known & (self.identities == name))
            for name in np.unique(self.identities[self.known])
        }


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """One way of dealing the set out: rows of the face set in every role."""

    enrolled: Int64
    enrolled_people: list[str]  # performer id of each
    probes: Int64
    probe_people: list[str]
    half: Int64  # half of the strangers: a cohort, or further people
    strangers: Int64  # the other half: nobody knows them


def arguments(description: str) -> argparse.ArgumentParser:
    """What every measurement on this set may be told."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="several times; without: all")
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "compreface-lfw")
    parser.add_argument("--reuse", action="store_true", help="embeddings in the cache are good enough")
    return parser


def draws(faces: FaceSet, enrolled: int, count: int) -> Iterator[Draw]:
    """`count` seeded draws with `enrolled` pictures a person; people without a picture left over are not drawn."""
    for seed in range(count):
        rng = np.random.default_rng(seed)
        chosen: list[Int64] = []
        probes: list[Int64] = []
        people: list[str] = []
        asked: list[str] = []
        for name, rows in faces.pictures_of_known().items():
            shuffled = rng.permutation(rows)
            if len(shuffled) <= enrolled:
                continue
            rest = shuffled[enrolled : enrolled + PROBES_PER_PERSON]
            chosen.append(shuffled[:enrolled])
            probes.append(rest)
            people += [name] * enrolled
            asked += [name] * len(rest)
        strangers = rng.permutation(faces.strangers)
        middle = len(strangers) // 2
        yield Draw(
            np.concatenate(chosen), people, np.concatenate(probes), asked, strangers[:middle], strangers[middle:]
        )


def load(pack: str, data: Path, cache: Path, *, reuse: bool = False) -> FaceSet:
    """Embeds the set with the engine `pack`, or takes it from the cache.

    `reuse` takes the newest embeddings of this model, even when the engine's source has changed since.
    """
    engine = open_engine(pack, data_dir=None, models_dir=data / "models")
    model_id = engine.info.model_id
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / f"lfw-{model_id.replace('@', '-')}-{_engine_digest()}.npz"
    older = sorted(cache.glob(f"lfw-{model_id.replace('@', '-')}-*.npz"), key=lambda path: path.stat().st_mtime)
    if reuse and older:
        kept = older[-1]
    if not kept.exists():
        rows = index(data)
        found = list(embed(engine, data / "faces" / "lfw", rows))
        here = [i for i, embedding in enumerate(found) if embedding is not None]
        np.savez(
            kept,
            embeddings=np.array([found[i] for i in here], np.float32),
            known=np.array([rows[i]["role"] == "known" for i in here]),
            identities=np.array([rows[i]["identity"] for i in here]),
            pictures=len(rows),
        )
    engine.close()
    with np.load(kept) as stored:
        return FaceSet(
            pack, model_id, stored["embeddings"], stored["known"], stored["identities"], int(stored["pictures"])
        )


def index(data: Path) -> list[dict[str, str]]:
    """role, identity, file of every picture."""
    with (data / "faces" / "lfw" / "index.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _engine_digest() -> str:
    import compreface_plugin.engine

    folder = Path(next(iter(compreface_plugin.engine.__path__)))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))).hexdigest()[:8]


def embed(engine: FaceEngine, folder: Path, rows: list[dict[str, str]]) -> Iterator[Float32 | None]:
    """The embedding of the labelled person in every picture, None where no face is found."""
    for start in range(0, len(rows), _BATCH):
        pictures = [_picture(folder / row["file"]) for row in rows[start : start + _BATCH]]
        for faces in engine.look(pictures, DetectionLimits(_MIN_FACE_PX)):
            yield None if isinstance(faces, ItemError) or not faces else _central(faces).embedding
        if start % (_BATCH * 20) == 0:
            print(f"embedding: {start} of {len(rows)} pictures", file=sys.stderr)


def _picture(path: Path) -> Picture:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    return Picture(pixels, pixels.shape[1], pixels.shape[0], str(path))


def _central(faces: list[SeenFace]) -> SeenFace:
    def off_centre(face: SeenFace) -> float:
        x, y = (face.box.x_min + face.box.x_max) / 2, (face.box.y_min + face.box.y_max) / 2
        return (x - 0.5) ** 2 + (y - 0.5) ** 2

    return min(faces, key=off_centre)
