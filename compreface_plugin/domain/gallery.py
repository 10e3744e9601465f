"""The enrolled people of one model as one matrix: a template per person, ready for exact search.

A person is a performer with all subjects that lead to it, or a subject that no performer owns. The template is
the normalised mean of the person's embeddings (measured against the best single picture and mixtures of both:
docs/thresholds.md). Rows are ordered by person, so results do not depend on the order of enrolment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from compreface_plugin.domain.errors import EmbeddingMismatch

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32

Int64 = NDArray[np.int64]

_PEOPLE_BLOCK = 2048
_UNIT_WITHIN = 1e-5
_LEAST_LENGTH = 1e-6  # opposite pictures cancel: such a template matches nobody


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Built by `Gallery.build`. M people, N examples of D dimensions; both may be 0. Arrays are sealed."""

    model_id: str
    embeddings: Float32  # (N, D) as given, L2-normalised
    subject_ids: Int64  # (N,)
    order: Int64  # (N,) example indices, person by person
    starts: Int64  # (M + 1,) where each person begins in `order`
    performer_ids: tuple[str, ...]  # (M,) "" for a subject without a performer
    templates: Float32  # (M, D) unit rows
    concentration: NDArray[np.float64]  # (M,) length of the mean before normalising: 1 for one picture, else less

    @classmethod
    def build(
        cls, model_id: str, embeddings: Float32, subject_ids: Sequence[int], performer_ids: Sequence[str]
    ) -> Gallery:
        """Columns of the stored examples: `embeddings` (N, D), N may be 0; `performer_ids` "" = no performer yet.

        Raises EmbeddingMismatch when the columns differ in length or a row cannot be an embedding.
        """
        rows = np.ascontiguousarray(embeddings, np.float32)
        if rows.ndim != 2 or not len(rows) == len(subject_ids) == len(performer_ids):
            raise EmbeddingMismatch(
                f"the gallery of {model_id} needs one subject and one performer per embedding, "
                f"got {rows.shape}, {len(subject_ids)} and {len(performer_ids)}"
            )
        rows = unit_rows(rows, f"the gallery of {model_id}")
        rows = rows.copy() if rows.flags.writeable and np.shares_memory(rows, embeddings) else rows  # sealed below
        subjects = np.asarray(subject_ids, np.int64).reshape(len(rows))
        keys = [(p, 0) if p else ("", int(s)) for p, s in zip(performer_ids, subjects, strict=True)]
        people = sorted(set(keys))
        code_of = {key: code for code, key in enumerate(people)}
        codes = np.fromiter((code_of[key] for key in keys), np.int64, len(keys))
        order = np.argsort(codes, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(people)))]).astype(np.int64)
        templates, concentration = _templates(rows, order, starts)
        gallery = cls(model_id, rows, subjects, order, starts, tuple(p for p, _ in people), templates, concentration)
        for array in (rows, subjects, order, starts, templates, concentration):
            array.setflags(write=False)
        return gallery

    def __len__(self) -> int:
        """Examples."""
        return len(self.subject_ids)

    @property
    def people(self) -> int:
        return len(self.performer_ids)

    @property
    def dimensions(self) -> int:
        return int(self.embeddings.shape[1])

    def examples_of(self, person: int) -> Int64:
        """Indices of this person's examples, in the order they were given."""
        return self.order[self.starts[person] : self.starts[person + 1]]


def unit_rows(rows: Float32, whose: str) -> Float32:
    """Rows (N, D) of unit length; the same array when they are, as after a trip through float16 they are not.

    Raises EmbeddingMismatch for a row of zeros, NaN or infinity: it would match nobody, or everybody.
    """
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    if not np.all(np.isfinite(lengths)) or np.any(lengths < _LEAST_LENGTH):
        raise EmbeddingMismatch(f"{whose} holds a row that is no embedding (zero or not finite)")
    if np.all(np.abs(lengths - 1.0) < _UNIT_WITHIN):
        return rows
    return np.asarray(rows / lengths[:, None], np.float32)


def _templates(rows: Float32, order: Int64, starts: Int64) -> tuple[Float32, NDArray[np.float64]]:
    """Normalised mean of every person, and the length the mean had. Summed in float64: the order does not show."""
    people = len(starts) - 1
    if people == len(rows):  # one picture each: the mean is the picture
        return rows[order], np.ones(people)
    templates, lengths = np.empty((people, rows.shape[1]), np.float32), np.empty(people)
    for first in range(0, people, _PEOPLE_BLOCK):
        last = min(first + _PEOPLE_BLOCK, people)
        begin, end = starts[first], starts[last]
        sums = np.add.reduceat(rows[order[begin:end]].astype(np.float64), starts[first:last] - begin, axis=0)
        means = sums / np.diff(starts[first : last + 1])[:, None]
        length = np.maximum(np.sqrt(np.einsum("ij,ij->i", means, means)), _LEAST_LENGTH)
        templates[first:last] = means / length[:, None]
        lengths[first:last] = np.minimum(length, 1.0)
    return templates, lengths
