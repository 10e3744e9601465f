"""The subjects and examples under one recognition key: a database, and the cache that answers recognition.

Names are unique without regard to case in the code and with it in the database; the cache knows the stored spelling
only, so a deletion by another spelling leaves it behind, as in the original.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import numpy as np

from . import errors
from .similarity import similarity, unit


@dataclass(slots=True, eq=False)
class Stored:
    image_id: str
    subject: str
    vector: np.ndarray
    content: bytes
    calculator: str = ""  # that made the vector; "" nobody knows


@dataclass(slots=True, eq=False)
class Cached:
    """What recognition knows of an example: its name as it was when it was read, or renamed exactly."""

    subject: str
    vector: np.ndarray


@dataclass(slots=True)
class Collection:
    """Not locked: the server does that. What is written reaches the cache only when it was read before."""

    c0: float
    c1: float
    save_images: bool = True
    subjects: list[str] = field(default_factory=list)
    examples: dict[str, Stored] = field(default_factory=dict)
    leaked_images: int = 0  # pictures that stay in the database for ever
    _cache: dict[str, Cached] | None = None

    # subjects

    def spelling(self, name: str) -> str | None:
        """The stored spelling. Two that differ in case alone break every lookup (400/0)."""
        alike = [each for each in self.subjects if _upper(each) == _upper(name)]
        if len(alike) > 1:
            raise errors.catch_all()
        return alike[0] if alike else None

    def create(self, name: str) -> None:
        if self.spelling(name) is not None:
            raise errors.subject_exists()
        self.subjects.append(name)

    def rename(self, old: str, new: str) -> bool:
        """Renames, or merges into an existing subject."""
        if old == new:
            return False
        stored = self.spelling(old)
        if stored is None:
            raise errors.no_subject(old)
        target = self.spelling(new)
        if target is not None and target != stored:
            self.subjects.remove(stored)
        else:
            self.subjects[self.subjects.index(stored)] = target = new
        for each in self.examples.values():
            if each.subject == stored:
                each.subject = target
        for cached in (self._cache or {}).values():
            if cached.subject == old:
                cached.subject = new
        return True

    def delete_subject(self, name: str) -> str:
        stored = self.spelling(name)
        if stored is None:
            raise errors.no_subject(name)
        self._drop_examples(stored, told=name)
        self.subjects.remove(stored)
        return stored

    def delete_all(self) -> int:
        count = len(self.subjects)
        self.leaked_images += sum(bool(each.content) for each in self.examples.values())
        self.subjects.clear()
        self.examples.clear()
        self._cache = None
        return count

    def delete_examples_of(self, name: str) -> int:
        """DELETE /faces?subject=: the embeddings and the subject itself."""
        stored = self.spelling(name)
        if stored is None:
            return 0
        count = self._drop_examples(stored, told=name)
        self.subjects.remove(stored)
        return count

    def _drop_examples(self, stored: str, told: str) -> int:
        gone = [each for each in self.examples.values() if each.subject == stored]
        self.leaked_images += sum(bool(each.content) for each in gone)  # embeddings go first, then nobody finds them
        cache = self._cache or {}
        for each in gone:
            del self.examples[each.image_id]
        for image_id in [image_id for image_id, cached in cache.items() if cached.subject == told]:
            del cache[image_id]
        return len(gone)

    # examples

    def add(self, subject: str, vector: np.ndarray, content: bytes, calculator: str = "") -> Stored:
        """Raises the catch-all error when the cache holds vectors of another length: the example is stored then."""
        row = unit(vector)
        stored = self.spelling(subject)
        if stored is None:
            self.subjects.append(subject)
            stored = subject
        example = Stored(str(uuid.uuid4()), stored, row, content if self.save_images else b"", calculator)
        self.examples[example.image_id] = example
        if self._cache is not None:
            if any(each.vector.shape != row.shape for each in self._cache.values()):
                raise errors.catch_all()
            self._cache[example.image_id] = Cached(stored, row)
        return example

    def delete_example(self, image_id: str) -> Stored | None:
        """The subject survives, even without examples. Raises the catch-all error when the cache has another name: the
        example is gone then, and recognised on."""
        gone = self.examples.pop(image_id, None)
        if gone is not None and self._cache is not None:
            cached = self._cache.get(image_id)
            if cached is not None and cached.subject != gone.subject:
                raise errors.catch_all()
            self._cache.pop(image_id, None)
        return gone

    # recognition

    def cache(self) -> dict[str, Cached]:
        if self._cache is None:
            self._cache = {image_id: Cached(each.subject, each.vector) for image_id, each in self.examples.items()}
        return self._cache

    def nearest(self, vector: np.ndarray, count: int) -> list[dict[str, object]]:
        """Nearest examples, not subjects: a subject repeats."""
        probe = unit(vector)
        scored = [
            (similarity(probe, self._same(each, probe), self.c0, self.c1), each) for each in self.cache().values()
        ]
        scored.sort(key=lambda pair: -pair[0])
        return [{"subject": each.subject, "similarity": value} for value, each in scored[:count]]

    def _same(self, example: Cached, probe: np.ndarray) -> np.ndarray:
        if example.vector.shape != probe.shape and probe.size != 1:
            raise errors.catch_all()
        return example.vector


def _upper(name: str) -> str:
    """As PostgreSQL compares without regard to case: one character for one."""
    return "".join(each.upper() if len(each.upper()) == 1 else each for each in name)
