"""What came of one image or scene: the shape that both share for what is done with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from compreface_plugin.domain.errors import ItemError
    from compreface_plugin.domain.records import Kind, VerdictRecord
    from compreface_plugin.stash.records import ScannedRecord


class ItemFinding(Protocol):
    """Verdicts about the faces of an item, or an error."""

    verdicts: list[VerdictRecord]
    error: ItemError | None

    @property
    def kind(self) -> Kind: ...
    @property
    def item(self) -> ScannedRecord: ...
    @property
    def skipped(self) -> bool: ...
    @property
    def named(self) -> tuple[str, ...]: ...
    def changed_verdicts(self, ids: Sequence[int]) -> list[tuple[int, VerdictRecord]]: ...
