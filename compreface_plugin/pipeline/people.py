"""Groups of unknown faces become people: a performer, a subject with examples, and the name on every item.

What a run is going to make stands written down whole (planning_people.py); it is worked off in small steps, each of
which may be killed and done again: performers are found by their exact name, everything else by what is missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import MediaUnavailable
from compreface_plugin.domain.records import (
    CandidateRecord,
    Change,
    Enrolment,
    Kind,
    Op,
    Subject,
    Verdict,
    VerdictRecord,
)
from compreface_plugin.domain.subjects import build_subject_name, is_subject_name
from compreface_plugin.domain.unknown import (
    GROUPED,
    FaceGroup,
    UnknownFace,
    gender_of,
    largest_hand,
    template,
)
from compreface_plugin.pipeline.grouping import gates_of, group_some, rejected
from compreface_plugin.pipeline.held import Held, held_lists
from compreface_plugin.pipeline.markers import marker_changes, performers_by_scene
from compreface_plugin.pipeline.merging import Merger
from compreface_plugin.pipeline.planning_people import plan_groups
from compreface_plugin.stash.records import NewPerformer

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import EngineInfo
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.run import ActiveRun
    from compreface_plugin.pipeline.tags import Tags
    from compreface_plugin.stash.records import PerformerRecord
    from compreface_plugin.store.groups import PlannedPerson

AT_ONCE = 20  # people made between two commits
ORIGIN = "face"
_NOBODYS = (Verdict.UNKNOWN, Verdict.REVIEW)


@dataclass(frozen=True, slots=True, eq=False)
class _Somebody:
    """One planned person with what is left of the faces, and the performer once it is there."""

    plan: PlannedPerson
    group: FaceGroup
    performer: PerformerRecord | None  # None: existed before
    performer_id: str


_Left = tuple["PlannedPerson", FaceGroup]  # a planned person, and the faces it still has


class PeopleMaker:
    """Works off what a run planned. `min_quality` is asked of the faces it learns from; items that are not among
    `on_items` (None: all are) stay as they are in Stash."""

    def __init__(
        self,
        context: Context,
        run: ActiveRun,
        info: EngineInfo,
        matched_tag: str | None,
        min_quality: float,
        *,
        on_items: Collection[tuple[Kind, int]] | None = None,
    ) -> None:
        from compreface_plugin.domain.learning import LearningRule
        from compreface_plugin.domain.operating_points import operating_point

        self._context = context
        self._run = run
        self._info = info
        self._matched_tag = matched_tag
        self._on_items = on_items
        point = operating_point(info.model_id, info.pack)
        self._scale = point.similarity_scale()
        self._rule = LearningRule.of(point, min_quality)

    def work(self) -> None:
        """Whom to unite, then everybody who is still planned. Raises Cancelled or GaveWay between steps, RunError."""
        groups, run_id = self._context.store.groups, self._run.run_id
        Merger(self._context, self._run).work()
        while batch := groups.open(run_id, AT_ONCE):
            self._step(batch)
            left = groups.count_open(run_id)
            self._context.log.info(f"people: {self._run.counts['created']} made, {left} groups to go")
            if left:
                self._run.between(computed=False)

    def _step(self, planned: Sequence[PlannedPerson]) -> None:
        left, held = self._readable(self._what_is_left(planned))
        people = self._performers(left)
        changes = self._missing(people, held)
        newly = [face for somebody in people for face in somebody.group.faces]
        counted = [face.verdict for face in newly if self._counted(face)]
        self._run.commit(
            lambda: self._store(planned, people, changes, held.unread),
            cursor=self._run.cursor,
            counts={
                "created": sum(somebody.performer is not None for somebody in people),
                "accepted": len(newly),
                "unknown": -counted.count(Verdict.UNKNOWN),
                "proposed": -counted.count(Verdict.REVIEW),
                "failed": len(held.unread),
            },
            items=0,
        )
        self._context.journal.apply(self._run.run_id)
        for somebody in people:
            self._say(somebody)

    def _counted(self, face: UnknownFace) -> bool:
        """Whether this run has counted the face as it was: it gave the verdict, or found it unchanged."""
        if face.run_id == self._run.run_id:
            return True
        state = self._context.store.items.states(face.kind, [face.item_id]).get(face.item_id)
        return state is not None and state.scanned_at is not None and state.scanned_at >= self._run.started_at

    # who it is --------------------------------------------------------------------------------------------------------

    def _performers(self, left: Sequence[_Left]) -> list[_Somebody]:
        """Planned people with their performers, made if new."""
        existing = self._context.library.performer_names([p.performer_id for p, _ in left if p.performer_id])
        wanted = [
            NewPerformer(plan.name, self._picture(group), gender_of(group.faces))
            for plan, group in left
            if plan.performer_id is None
        ]
        made = self._context.journal.ensure_performers(self._run.run_id, wanted)
        people = []
        for plan, group in left:
            if plan.performer_id is None:
                people.append(_Somebody(plan, group, made[plan.name], made[plan.name].id))
            elif plan.performer_id in existing:
                people.append(_Somebody(plan, group, None, plan.performer_id))
        return people

    def _what_is_left(self, planned: Sequence[PlannedPerson]) -> list[_Left]:
        """The planned people that still have faces: without those that people decided about, or put into another group,
        since it was planned, beside this run or while it was interrupted."""
        owners = self._context.store.unknown.hand_owners()
        left = []
        for plan in planned:
            faces = self._context.store.unknown.some(self._info.model_id, plan.face_ids)
            denied = rejected(self._context, plan.performer_id)
            free = [face for face in faces if face.verdict in _NOBODYS and face.face_id not in denied]
            group = FaceGroup(largest_hand(free, plan.performer_id, owners), plan.performer_id)
            if group.faces:
                left.append((plan, group))
                owners.update((face.hand, plan.name) for face in group.faces if face.hand is not None)
        return left

    def _readable(self, left: Sequence[_Left]) -> tuple[list[_Left], Held]:
        """The same without faces on items that Stash cannot read, which stay unknown, and what the others hold now."""
        held = held_lists(self._context, dict.fromkeys(item for _, group in left for item in self._items(group)))
        if not held.unread:
            return list(left), held
        readable = []
        for plan, group in left:
            faces = tuple(face for face in group.faces if (face.kind, face.item_id) not in held.unread)
            if faces:
                readable.append((plan, FaceGroup(faces, group.performer_id)))
        return readable, held

    def _picture(self, group: FaceGroup) -> bytes | None:
        """The best crop, with margin."""
        best = group.best.face_id
        return self._context.store.faces.crops([best]).get(best)

    # what Stash should get --------------------------------------------------------------------------------------------

    def _missing(self, people: Sequence[_Somebody], held: Held) -> list[Change]:
        """Performers, and the matched tag, that images lack by what Stash has now."""
        wants: dict[tuple[Kind, int], list[tuple[str, str]]] = {}
        for somebody in people:
            for item in self._items(somebody.group):
                wants.setdefault(item, []).append(("performer_ids", somebody.performer_id))
        changes = []
        tags = [("tag_ids", self._matched_tag)] if self._matched_tag else []
        for (kind, item_id), lists in held.lists.items():
            wanted = wants.get((kind, item_id), [])
            for name, value in dict.fromkeys([*wanted, *tags] if wanted else []):
                if value not in lists[name]:
                    changes.append(Change(self._run.run_id, kind, str(item_id), name, Op.ADD, value))
        return changes

    def _items(self, group: FaceGroup) -> list[tuple[Kind, int]]:
        """The items with a face of a group, of those that may be changed."""
        return [item for item in group.items if self._on_items is None or item in self._on_items]

    # keeping it -------------------------------------------------------------------------------------------------------

    def _store(
        self,
        planned: Sequence[PlannedPerson],
        people: Sequence[_Somebody],
        changes: Sequence[Change],
        unread: Mapping[tuple[Kind, int], str],
    ) -> None:
        """Inside the step's transaction."""
        store = self._context.store
        for item, words in unread.items():
            self._failed(item, words)
        for somebody in people:
            subject = self._subject(somebody)
            self._learn(subject, somebody.group)
            store.groups.replace_verdicts(self._run.run_id, self._verdicts(somebody, subject))
            store.items.refresh_matched(self._items(somebody.group))
            if somebody.performer is not None:
                self._know_picture(somebody.performer, somebody.group)
        on = performers_by_scene((one.performer_id, self._items(one.group)) for one in people)
        markers = marker_changes(store, self._context.settings, self._run.run_id, sorted(on), on)
        store.changes.plan([*changes, *markers])
        store.groups.done([plan.group_id for plan in planned])

    def _failed(self, item: tuple[Kind, int], words: str) -> None:
        """An item that Stash cannot read is looked at again by the next run."""
        kind, item_id = item
        items = self._context.store.items
        state = items.states(kind, [item_id]).get(item_id)
        error = MediaUnavailable(f"Stash could not read it ({words})")
        self._context.log.warning(f"{kind.value} {item_id}: {error}; its faces stay unknown")
        items.mark_failed(
            kind,
            item_id,
            code=error.code,
            message=str(error),
            run_id=self._run.run_id,
            fingerprint=state.fingerprint if state is not None else "",
        )

    def _subject(self, somebody: _Somebody) -> Subject:
        people, performer_id = self._context.store.people, somebody.performer_id
        linked = people.subjects_of(performer_id)
        if linked:
            return linked[0]
        named = people.subject_named(somebody.plan.name)
        if named is not None and named.performer_id is None:
            people.link(named.subject_id, performer_id)
            return Subject(named.subject_id, named.name, performer_id, named.created_run)
        usable = named is None and is_subject_name(somebody.plan.name)
        name = somebody.plan.name if usable else build_subject_name(performer_id)
        return people.add_subject(name, performer_id, self._run.run_id, self._context.clock.now())

    def _learn(self, subject: Subject, group: FaceGroup) -> None:
        """Good and different faces of the group become examples, as long as there is room; the best one at least."""
        import numpy as np

        from compreface_plugin.domain.learning import choose_examples

        info, people = self._info, self._context.store.people
        known = people.embeddings_of(subject.subject_id, info.model_id, info.dimensions)
        rows = np.stack([face.embedding for face in group.faces])
        chosen = choose_examples(known, rows, [face.quality for face in group.faces], self._rule)
        faces = [group.faces[row] for row in chosen] or ([] if len(known) else [group.best])
        crops = self._context.store.faces.crops([face.face_id for face in faces])
        for face in faces:
            if face.face_id in crops:
                self._add_example(subject, face, crops[face.face_id])

    def _add_example(self, subject: Subject, face: UnknownFace, crop: bytes) -> None:
        self._context.store.people.add_example(
            subject.subject_id,
            origin=ORIGIN,
            origin_id=str(face.face_id),
            picture_sha=hashlib.sha256(crop).hexdigest(),
            quality=face.quality,
            crop=crop,
            model_id=self._info.model_id,
            embedding=face.embedding,
            run_id=self._run.run_id,
            now=self._context.clock.now(),
        )

    def _know_picture(self, performer: PerformerRecord, group: FaceGroup) -> None:
        """The performer's picture is one of the examples: synchronising need not look at it."""
        picture = self._picture(group)
        if picture is not None:
            sha = hashlib.sha256(picture).hexdigest()
            known = Enrolment(performer.id, performer.image_url, sha, "enrolled", "", self._info.model_id)
            self._context.store.people.save_enrolment(known, self._run.run_id)

    def _verdicts(self, somebody: _Somebody, subject: Subject) -> list[tuple[int, VerdictRecord]]:
        import numpy as np

        faces = somebody.group.faces
        rows = np.stack([face.embedding for face in faces])
        alike = self._scale.from_cosine(np.asarray(rows @ template(rows), np.float64))
        return [
            (
                face.face_id,
                VerdictRecord(
                    verdict=Verdict.ACCEPT,
                    model_id=self._info.model_id,
                    run_id=self._run.run_id,
                    required=face.required,
                    margin=None,
                    reason=GROUPED,
                    candidates=(
                        CandidateRecord(somebody.performer_id, subject.subject_id, float(similarity)),
                    ),
                ),
            )
            for face, similarity in zip(faces, alike, strict=True)
        ]

    def _say(self, somebody: _Somebody) -> None:
        faces, items = len(somebody.group.faces), len(somebody.group.items)
        verb = "made" if somebody.performer is not None else "found again"
        who = f"performer {somebody.performer_id} ({somebody.plan.name})"
        self._context.log.info(f"{who} {verb}: {faces} faces on {items} items")


def make_some(
    context: Context,
    run: ActiveRun,
    tags: Tags,
    face_ids: Sequence[int],
    *,
    least: int,
    on_items: Collection[tuple[Kind, int]] | None = None,
) -> None:
    """Groups of at least `least` of these faces that are unknown and good enough become people: planned once, then
    worked off. A plan creates nobody. Raises Cancelled or GaveWay between steps, RunError."""
    if tags.planned:
        context.log.info("a plan creates nobody; the operation clusters shows the groups of unknown faces")
        return
    gates, info = gates_of(context), context.engine.info
    if not context.store.groups.planned(run.run_id):
        names = context.library.performer_names()
        found = group_some(context, info, gates, names, face_ids)
        plan = plan_groups(context, run.run_id, gates, names, found, found.groups, least)
        context.log.info(
            f"{plan.faces} unknown faces of minFaceSize and minQuality in {plan.groups} groups: {plan.new} new "
            f"people, {plan.again} known by an earlier run, {plan.waiting} groups of fewer than {least} faces"
        )
    PeopleMaker(context, run, info, tags.matched, gates.min_quality, on_items=on_items).work()
