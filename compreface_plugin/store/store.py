"""The store as one object: a connection and the rooms that speak through it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from compreface_plugin.store.changes import Changes
from compreface_plugin.store.connection import FILE_NAME, connect, transaction
from compreface_plugin.store.decisions import Decisions
from compreface_plugin.store.errands import Errands
from compreface_plugin.store.examples import PersonExamples
from compreface_plugin.store.faces import Faces
from compreface_plugin.store.groups import Groups
from compreface_plugin.store.items import Items
from compreface_plugin.store.labels import Labels
from compreface_plugin.store.markers import Markers
from compreface_plugin.store.merges import Merges
from compreface_plugin.store.meta import Meta
from compreface_plugin.store.people import People
from compreface_plugin.store.plans import Plans
from compreface_plugin.store.proposals import Proposals
from compreface_plugin.store.recognised import Recognised
from compreface_plugin.store.remote import Remote
from compreface_plugin.store.run_items import RunItems
from compreface_plugin.store.runs import Runs
from compreface_plugin.store.scenes import ScenePeople
from compreface_plugin.store.statistics import Statistics
from compreface_plugin.store.unknown import Unknown

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType


class Store:
    """Open with `Store.open(data_dir)`; close, or use as a context manager. Reads need no transaction."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = connect(path)
        self.meta = Meta(self._db)
        self.markers = Markers(self._db)
        self.people = People(self._db)
        self.items = Items(self._db)
        self.faces = Faces(self._db)
        self.runs = Runs(self._db)
        self.run_items = RunItems(self._db)
        self.recognised = Recognised(self._db)
        self.remote = Remote(self._db)
        self.changes = Changes(self._db)
        self.decisions = Decisions(self._db)
        self.errands = Errands(self._db)
        self.examples = PersonExamples(self._db)
        self.labels = Labels(self._db)
        self.proposals = Proposals(self._db)
        self.plans = Plans(self._db)
        self.groups = Groups(self._db, self.faces)
        self.merges = Merges(self._db)
        self.unknown = Unknown(self._db)
        self.scenes = ScenePeople(self._db, self.faces)
        self.statistics = Statistics(self._db)

    @classmethod
    def open(cls, data_dir: Path) -> Store:
        """Raises StoreError, StoreTooNew, StoreDamaged; the folder must exist."""
        return cls(data_dir / FILE_NAME)

    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside is committed together, or nothing. Not to be nested."""
        return transaction(self._db, self.path)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
