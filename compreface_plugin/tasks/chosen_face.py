"""faceId and faceIndex of identifyImage and identifyScene: only one face of the item is meant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.records import Verdict
from compreface_plugin.domain.sentences import sentence
from compreface_plugin.values import int_arg, is_missing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compreface_plugin.domain.records import VerdictRecord
    from compreface_plugin.stash.records import ItemRecord


class Judged(Protocol):
    """A finding about an image or a scene."""

    verdicts: list[VerdictRecord]

    @property
    def item(self) -> ItemRecord: ...


def only_chosen(args: Mapping[str, object], finding: Judged, ids: Sequence[int]) -> Sequence[int]:
    """With faceId or faceIndex the other faces are shown, but nobody is written for them; who stands on the item
    already stays accepted. `ids` belong to the verdicts.

    Returns the ids of the faces that are meant. Raises SettingsError when the item has no such face.
    """
    if not is_missing(args.get("faceId")):
        chosen = int_arg(args, "faceId", 0)
        if chosen not in ids:
            allowed = ", ".join(map(str, ids)) or "none: there is no face"
            raise SettingsError(f"The argument faceId is {chosen}; allowed here is {allowed}.")
    elif not is_missing(args.get("faceIndex")):
        chosen = ids[int_arg(args, "faceIndex", 0, minimum=0, maximum=max(0, len(ids) - 1))] if ids else 0
    else:
        return ids
    finding.verdicts = [
        verdict
        if face_id == chosen
        or verdict.verdict is not Verdict.ACCEPT
        or (verdict.best is not None and verdict.best.performer_id in finding.item.performer_ids)
        else replace(verdict, verdict=Verdict.REVIEW, reason=sentence("reason.unasked"))
        for face_id, verdict in zip(ids, finding.verdicts, strict=True)
    ]
    return [chosen] if ids else []
