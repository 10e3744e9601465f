"""Markers at appearances: which changes a scene needs, and how they are made and taken back in Stash.

They are journalled as a list of the scene (`MARKERS`), so that resume, undo and a person's decisions go the way of all
lists. A marker that somebody removed stays away: the journal knows that it was made. One that somebody changed is his.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from compreface_plugin.domain.markers import MARKERS, Marker, missing, united, unwanted
from compreface_plugin.domain.records import Change, ChangeState, Kind, Op, Verdict
from compreface_plugin.stash.records import NewMarker
from compreface_plugin.store.markers import MadeMarker

if TYPE_CHECKING:
    from compreface_plugin.settings import Settings
    from compreface_plugin.stash.library import StashLibrary
    from compreface_plugin.stash.records import MarkerRecord
    from compreface_plugin.store.store import Store

GONE = "was removed by somebody before"


def marker_changes(
    store: Store, settings: Settings, run_id: str, scene_ids: Iterable[int], on: Mapping[int, Collection[str]]
) -> list[Change]:
    """What the markers of these scenes lack by the verdicts in the store, and which are not borne out any more.

    New ones only while the setting sceneMarkers is on, and only of performers who are `on` the scene by its id, or who
    go on it by the same changes: who was recognised and not accepted yet by anybody has none, nor has whom a plan
    proposes.
    """
    changes = []
    for scene_id in scene_ids:
        ours = [Marker.of(value) for _, value in store.plans.ours(Kind.SCENE, [str(scene_id)], MARKERS)]
        if not ours and not settings.scene_markers:
            continue
        wanted = _wanted(store, scene_id)
        there = [each for each in wanted if each.performer_id in on.get(scene_id, ())] if settings.scene_markers else []
        wants = [(Op.ADD, each) for each in missing(there, ours)]
        wants += [(Op.REMOVE, each) for each in unwanted(wanted, ours)]
        changes += [Change(run_id, Kind.SCENE, str(scene_id), MARKERS, op, each.text) for op, each in wants]
    return changes


def performers_by_scene(people: Iterable[tuple[str, Iterable[tuple[Kind, int]]]]) -> dict[int, set[str]]:
    """Of performers with their items: by scene, who is on it."""
    on: dict[int, set[str]] = {}
    for performer_id, items in people:
        for kind, item_id in items:
            if kind is Kind.SCENE:
                on.setdefault(item_id, set()).add(performer_id)
    return on


def _wanted(store: Store, scene_id: int) -> list[Marker]:
    """One for each appearance of each accepted performer: who was seen as two people at once appears once."""
    waiting = {c.value for c in store.plans.proposed_on(Kind.SCENE, str(scene_id)) if c.field == "performer_ids"}
    spans: dict[str, list[tuple[float, float]]] = {}
    for person in store.scenes.of_item(Kind.SCENE, scene_id, ""):
        verdict = person.face.verdict
        if verdict is not None and verdict.verdict is Verdict.ACCEPT and verdict.best is not None:
            spans.setdefault(verdict.best.performer_id, []).extend(person.appearances)
    return [Marker(who, *span) for who, seen in spans.items() if who not in waiting for span in united(seen)]


class MarkerHand:
    """Makes and removes markers for the journal. Works on open changes; marks each as it turns out."""

    def __init__(self, store: Store, library: StashLibrary) -> None:
        self._store = store
        self._library = library

    def remove(self, changes: Sequence[Change]) -> list[tuple[Change, str]]:
        """Changes by which a marker goes. Returns those that stay, with the reason."""
        if not changes:
            return []
        changes, there, refused = self._there(changes)
        gone: list[tuple[Change, list[MadeMarker]]] = []
        for change in changes:
            made = [one for one in self._store.markers.of_scene(change.item_id) if one.value == change.value]
            standing = [one for one in made if one.marker_id in there]
            if any(_touched(there[one.marker_id], one) for one in standing):
                refused.append((change, "somebody changed the marker"))
            else:
                gone.append((change, made))
        self._library.scenes.markers_destroy([m.marker_id for _, made in gone for m in made if m.marker_id in there])
        with self._store.transaction():
            for change, made in gone:
                self._store.markers.forget(one.marker_id for one in made)
                note = "" if any(one.marker_id in there for one in made) else GONE
                self._store.changes.mark([change.change_id], _done(change), note)
        return refused

    def make(self, changes: Sequence[Change], tag_id: str) -> list[tuple[Change, str]]:
        """Changes by which a marker comes. Returns those that Stash refused, with the reason.

        A marker of ours that a killed process made, and did not note, is found by its title and times.
        """
        changes, there, refused = self._there(changes)
        names = self._library.performer_names(list(dict.fromkeys(Marker.of(c.value).performer_id for c in changes)))
        known = {one.marker_id for change in changes for one in self._store.markers.of_scene(change.item_id)}
        strays = {
            (record.scene_id, record.title, record.seconds, record.end_seconds): record.id
            for record in there.values()
            if record.id not in known and record.primary_tag_id == tag_id
        }
        made, new = list[tuple[Change, str, str]](), list[tuple[Change, NewMarker]]()
        for change in changes:
            marker = Marker.of(change.value)
            title = names.get(marker.performer_id)
            if title is None:
                refused.append((change, "the performer is gone"))
                continue
            stray = strays.get((change.item_id, title, marker.start_s, marker.end_s))
            if stray is not None:
                made.append((change, stray, title))
            else:
                new.append((change, NewMarker(change.item_id, title, marker.start_s, marker.end_s, tag_id)))
        for (change, wanted), (marker_id, words) in zip(
            new, self._library.scenes.markers_create([wanted for _, wanted in new]), strict=True
        ):
            if marker_id:
                made.append((change, marker_id, wanted.title))
            else:
                refused.append((change, words))
        self._keep(made)
        return refused

    def _keep(self, made: Sequence[tuple[Change, str, str]]) -> None:
        """(change, id of the marker, title)."""
        with self._store.transaction():
            self._store.markers.add(MadeMarker(marker, c.item_id, c.value, title) for c, marker, title in made)
            for change, _, _ in made:
                self._store.changes.mark([change.change_id], _done(change))

    def _there(
        self, changes: Sequence[Change]
    ) -> tuple[list[Change], Mapping[str, MarkerRecord], list[tuple[Change, str]]]:
        """(changes of scenes that Stash can tell about, their markers by id, the other changes with the reason)."""
        records, failed = self._library.scenes.markers(list(dict.fromkeys(int(change.item_id) for change in changes)))
        known = [change for change in changes if int(change.item_id) not in failed]
        others = [(c, failed[int(c.item_id)]) for c in changes if int(c.item_id) in failed]
        return known, {record.id: record for record in records}, others


def _done(change: Change) -> ChangeState:
    return ChangeState.UNDONE if change.state is ChangeState.UNDOING else ChangeState.APPLIED


def _touched(record: MarkerRecord, made: MadeMarker) -> bool:
    """Whether somebody made it his."""
    marker = Marker.of(made.value)
    times = (round(record.seconds, 3), None if record.end_seconds is None else round(record.end_seconds, 3))
    return record.title != made.title or times != (marker.start_s, marker.end_s) or bool(record.tag_ids)
