"""A cohort: faces of other people, one per person, that score normalisation measures a comparison against.

A face that resembles many strangers needs a higher score to mean something. The cohort is frozen for a run and
kept in the store, so that verdicts do not depend on the order of the images. Source of the arithmetic: Matejka
et al., "Analysis of Score Normalization in Multilingual Speaker Recognition", Interspeech 2017 (AS-norm).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compreface_plugin.domain.errors import EmbeddingMismatch, StoreDamaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from compreface_plugin.domain.faces import Float32

MAX_COHORT = 1000
"""Enough for stable statistics (DATA: 1,500 gave no more than 350 did here); keeps normalising a gallery cheap."""

_MAGIC = b"CFCOHORT1\n"


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Faces of distinct people, all of one model. Row i is person `person_ids[i]`, seen on item `item_keys[i]`."""

    model_id: str
    embeddings: Float32  # (C, D), L2-normalised; C may be 0
    item_keys: tuple[str, ...]
    person_ids: tuple[str, ...]  # performer id when the person is enrolled, "" when nobody knows

    def __post_init__(self) -> None:
        rows = np.ascontiguousarray(self.embeddings, np.float32)
        if rows.ndim != 2 or not len(rows) == len(self.item_keys) == len(self.person_ids):
            raise EmbeddingMismatch(
                f"a cohort needs one key and one person per row, "
                f"got {rows.shape}, {len(self.item_keys)} and {len(self.person_ids)}"
            )
        rows.setflags(write=False)
        object.__setattr__(self, "embeddings", rows)

    def __len__(self) -> int:
        return len(self.item_keys)

    def to_bytes(self) -> bytes:
        """For the store. The same cohort always gives the same bytes."""
        head = json.dumps(
            {
                "model_id": self.model_id,
                "shape": self.embeddings.shape,
                "item_keys": self.item_keys,
                "person_ids": self.person_ids,
            },
            sort_keys=True,
        ).encode()
        return _MAGIC + len(head).to_bytes(8, "little") + head + self.embeddings.astype("<f4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Cohort:
        """Inverse of `to_bytes`. Raises StoreDamaged on anything else."""
        stream = io.BytesIO(data)
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise StoreDamaged("the stored cohort is not one of ours: delete it, the next run makes a new one")
        try:
            head = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
            rows = np.frombuffer(stream.read(), "<f4").reshape(head["shape"]).astype(np.float32)
            return cls(head["model_id"], rows, tuple(head["item_keys"]), tuple(head["person_ids"]))
        except (ValueError, KeyError, TypeError) as error:
            raise StoreDamaged("the stored cohort is cut short: delete it, the next run makes a new one") from error


def build_cohort(
    model_id: str,
    embeddings: Float32,
    item_keys: Sequence[str],
    person_ids: Sequence[str] | None = None,
    same_person_at: float = 1.0,
    max_size: int = MAX_COHORT,
) -> Cohort:
    """One face per distinct person out of faces of a library, whatever their order.

    `embeddings` (N, D) L2-normalised, N may be 0; `item_keys` N stable names (they decide who is taken, by hash);
    `person_ids` N names of people already told apart ("" = unknown). A face is left out when its person is in
    already, or when its cosine to a face that is in reaches `same_person_at`.
    """
    rows = np.asarray(embeddings, np.float32)
    people = list(person_ids) if person_ids is not None else [""] * len(rows)
    if rows.ndim != 2 or not len(rows) == len(item_keys) == len(people):
        raise EmbeddingMismatch(
            f"a cohort needs one key and one person per face, got {rows.shape}, {len(item_keys)} and {len(people)}"
        )
    taken = _pick(rows, _stable_order(item_keys, rows), people, same_person_at, max_size)
    return Cohort(
        model_id,
        rows[taken].reshape(len(taken), rows.shape[1]),
        tuple(item_keys[i] for i in taken),
        tuple(people[i] for i in taken),
    )


def _stable_order(keys: Sequence[str], rows: Float32) -> list[int]:
    """Indices by the hash of the key, then of the embedding: random towards people, the same in every run."""
    digests = [hashlib.sha256(key.encode() + b"\0" + rows[i].tobytes()).digest() for i, key in enumerate(keys)]
    return sorted(range(len(keys)), key=digests.__getitem__)


def _pick(rows: Float32, order: list[int], people: list[str], same_person_at: float, max_size: int) -> list[int]:
    taken: list[int] = []
    kept: NDArray[np.float32] = np.empty((min(max_size, len(order)), rows.shape[1]), np.float32)
    seen: set[str] = set()
    for i in order:
        if len(taken) >= max_size:
            break
        if people[i] and people[i] in seen:
            continue
        if taken and float((kept[: len(taken)] @ rows[i]).max()) >= same_person_at:
            continue
        kept[len(taken)] = rows[i]
        taken.append(i)
        seen.add(people[i])
    return taken
