"""A person's word about faces, carried out: kept for ever, written to Stash where it names somebody, and taken back.

Everything belongs to one run of mode `decide`, so that it stands in the journal and can be undone like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from compreface_plugin.domain.memory import DECIDED, SILENCING, Decision, MemoryRule, Said
from compreface_plugin.domain.records import Change, ChangeState, Kind, Op, StoredFace, Verdict, VerdictRecord
from compreface_plugin.domain.sentences import sentence
from compreface_plugin.pipeline.learning import Learner
from compreface_plugin.pipeline.markers import marker_changes
from compreface_plugin.pipeline.memory import JudgedItem, Memory

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32
    from compreface_plugin.domain.operating_points import OperatingPoint
    from compreface_plugin.pipeline.context import Context

Item = tuple[Kind, int]
Lists = Mapping[str, Collection[str]]  # what an item holds now: "performer_ids" and "tag_ids"


@dataclass(frozen=True, slots=True)
class Word:
    """One thing said about one face. `performer_id` for CONFIRMED and NOT_HER."""

    face: StoredFace
    said: Said
    performer_id: str | None

    @property
    def item(self) -> Item:
        return self.face.kind, self.face.item_id


@dataclass(slots=True)
class _Touched:
    """What has to be looked at once everything is said."""

    raw: dict[int, VerdictRecord] = field(default_factory=dict)  # by face: the verdict without any decision
    performers: set[str] = field(default_factory=set)
    items: dict[Item, None] = field(default_factory=dict)


class Decider:
    """Carries out words about faces of one model. All methods work inside a transaction of the caller."""

    def __init__(
        self, context: Context, model_id: str, point: OperatingPoint, run_id: str, review_at: float
    ) -> None:
        self._context = context
        self._model_id = model_id
        self._run_id = run_id
        self._rule = MemoryRule.of(point, review_at)
        self._memory = Memory(context.store, model_id, point, review_at)
        self._learner = Learner(context, model_id, point, run_id)

    def decide(self, words: Sequence[Word], held: Mapping[Item, Lists], matched_tag: str | None) -> list[Change]:
        """Keeps what was said, judges anew what it concerns, learns, and returns the changes that Stash needs."""
        touched = _Touched()
        for word in words:
            self._keep(word, touched)
        self._near(words, touched)
        before = self._named(touched.items)
        self._judge(touched)
        for performer_id in sorted(touched.performers):
            self._learner.relearn(performer_id)
        self._context.store.items.refresh_matched(touched.items)
        changes: list[Change] = []
        said_about = dict.fromkeys(word.item for word in words)
        after = self._named(said_about)
        for item in said_about:
            lost = before[item] - after[item] | _denied(words, item)
            changes += self._changes(item, held[item], after[item], lost - after[item], matched_tag, words)
        scenes = sorted(item_id for kind, item_id in touched.items if kind is Kind.SCENE)
        on = {n: _performers(held[kind, n], changes, n) for kind, n in said_about if kind is Kind.SCENE}
        return changes + marker_changes(self._context.store, self._context.settings, self._run_id, scenes, on)

    # keeping ----------------------------------------------------------------------------------------------------------

    def _keep(self, word: Word, touched: _Touched) -> None:
        face = word.face
        raw = self._raw(face)
        touched.raw[face.face_id] = raw
        touched.items[word.item] = None
        best = raw.best.performer_id if raw.best and raw.verdict in (Verdict.ACCEPT, Verdict.REVIEW) else None
        if word.said is Said.CONFIRMED and best is not None and best != word.performer_id:
            self._add(word, Said.NOT_HER, best, raw)  # another one was picked, so it is not her
            touched.performers.add(best)
        self._add(word, word.said, word.performer_id, raw)
        touched.performers.update(each for each in (word.performer_id, best) if each is not None)

    def _raw(self, face: StoredFace) -> VerdictRecord:
        kept = self._context.store.decisions.before(face.face_id)
        if kept is not None and kept.model_id == self._model_id:
            return kept
        if face.verdict is not None:
            return face.verdict
        required = self._context.settings.min_similarity
        reason = sentence("reason.unmatched")
        return VerdictRecord(Verdict.UNKNOWN, self._model_id, self._run_id, required, None, reason)

    def _add(self, word: Word, said: Said, performer_id: str | None, raw: VerdictRecord) -> None:
        face, store = word.face, self._context.store
        state = store.items.states(face.kind, [face.item_id]).get(face.item_id)
        decision = Decision(
            kind=face.kind,
            item_id=face.item_id,
            box=face.box,
            said=said,
            performer_id=performer_id,
            face_id=face.face_id,
            run_id=self._run_id,
            decided_at=self._context.clock.now(),
            fingerprint=state.fingerprint if state else "",
        )
        store.decisions.add(decision, raw)

    # judging anew -----------------------------------------------------------------------------------------------------

    def _near(self, words: Iterable[Word], touched: _Touched) -> None:
        """Items with faces so like a rejected or ignored one that what was said concerns them."""
        import numpy as np

        said: dict[tuple[str | None, float], list[Float32]] = {}
        for word in words:
            embedding = word.face.embedding
            if embedding is not None and word.said in (Said.NOT_HER, *SILENCING):
                reach = self._rule.same_photo_at if word.said is Said.NOT_A_FACE else self._rule.same_face_at
                said.setdefault((word.performer_id, reach), []).append(embedding)
        for (performer_id, reach), embeddings in said.items():  # one pass over the faces for all words of a kind
            matrix = np.stack(embeddings)
            for kind, item_id, other in self._context.store.proposals.undecided(self._model_id, performer_id):
                if float((matrix @ other).max()) >= reach:
                    touched.items[kind, item_id] = None

    def _judge(self, touched: _Touched) -> None:
        """Verdicts of the touched items as they are with everything said so far; only those that change are saved."""
        store = self._context.store
        changed: list[tuple[int, VerdictRecord]] = []
        for kind, item_ids in _by_kind(touched.items).items():
            states, moving = store.items.states(kind, item_ids), store.scenes.moving(kind, item_ids)
            for item_id, faces in store.faces.of_items(kind, item_ids, self._model_id).items():
                judged = [(f, v) for f in faces if (v := touched.raw.get(f.face_id, f.verdict)) is not None]
                fingerprint = states[item_id].fingerprint if item_id in states else ""
                final = self._memory.apply(kind, [_judged(item_id, fingerprint, judged, item_id in moving)])[0]
                changed += [
                    (face.face_id, _of_run(verdict, self._run_id))
                    for (face, _), verdict in zip(judged, final, strict=True)
                    if face.verdict is None or _of_run(verdict, "") != _of_run(face.verdict, "")
                ]
        store.groups.replace_verdicts(self._run_id, changed)

    def _named(self, items: Iterable[Item]) -> dict[Item, set[str]]:
        """Performers accepted for a face of each item."""
        named: dict[Item, set[str]] = {item: set() for item in items}
        for kind, item_ids in _by_kind(named).items():
            for item_id, faces in self._context.store.faces.of_items(kind, item_ids, self._model_id).items():
                verdicts = [face.verdict for face in faces if face.verdict is not None]
                named[kind, item_id] = {v.best.performer_id for v in verdicts if v.best and v.verdict is Verdict.ACCEPT}
        return named

    # what Stash should get --------------------------------------------------------------------------------------------

    def _changes(
        self,
        item: Item,
        held: Lists,
        named: set[str],
        lost: set[str],
        matched_tag: str | None,
        words: Sequence[Word],
    ) -> list[Change]:
        """Confirmed performers that are not on the item; and those that we put there and no face bears out any more."""
        kind, item_id = item[0], str(item[1])
        confirmed = [w.performer_id for w in words if w.item == item and w.said is Said.CONFIRMED and w.performer_id]
        wanted = [("performer_ids", each) for each in dict.fromkeys(confirmed) if each in named]
        if wanted and matched_tag is not None:
            wanted.append(("tag_ids", matched_tag))
        unwanted = [("performer_ids", each) for each in sorted(lost)]
        if lost and not named and matched_tag is not None:
            unwanted.append(("tag_ids", matched_tag))
        self._settle_plans(kind, item_id, {*wanted, *unwanted})
        ours = {
            (name, value)
            for name in ("performer_ids", "tag_ids")
            for _, value in self._context.store.plans.ours(kind, [item_id], name)
        }
        adds = [Change(self._run_id, kind, item_id, n, Op.ADD, v) for n, v in wanted if v not in held[n]]
        gone = [(name, value) for name, value in unwanted if value in held[name] and (name, value) in ours]
        return adds + [Change(self._run_id, kind, item_id, name, Op.REMOVE, value) for name, value in gone]

    def _settle_plans(self, kind: Kind, item_id: str, settled: Collection[tuple[str, str]]) -> None:
        """What a plan proposed and a person has decided is no longer part of it."""
        proposed = self._context.store.plans.proposed_on(kind, item_id)
        ids = [change.change_id for change in proposed if (change.field, change.value) in settled]
        self._context.store.changes.mark(ids, ChangeState.DECIDED, self._run_id)

    # taking back ------------------------------------------------------------------------------------------------------

    def forget(self, run_id: str, decisions: Sequence[Decision]) -> None:
        """Takes back what was said in a run: the words, the verdicts that followed, and what was learned."""
        store = self._context.store
        raw = {d.face_id: v for d in decisions if d.face_id is not None and (v := store.decisions.before(d.face_id))}
        replaced = dict(store.decisions.replaced_by(run_id))
        store.decisions.remove(decision.decision_id for decision in decisions)
        again: list[tuple[int, VerdictRecord]] = []
        for face_id, verdict in {**replaced, **raw}.items():
            face = store.faces.face(face_id, self._model_id)
            judged = verdict if face is None else self._with_memory(face, verdict)
            if face is not None and (face.verdict is None or _of_run(judged, "") != _of_run(face.verdict, "")):
                again.append((face_id, judged))
        store.faces.save_verdicts(again)
        spoken = {each.face_id for each in decisions if each.face_id is not None}
        # the run that had judged before was undone, and others may have judged by these words since
        store.faces.forget_verdicts(run_id, DECIDED, spoken - {**replaced, **raw}.keys())
        store.decisions.forget_replaced(run_id, [face_id for face_id, _ in again])
        reopened = [c for c in store.plans.decided_by(run_id) if any(_same_item(c, each) for each in decisions)]
        store.changes.mark([change.change_id for change in reopened], ChangeState.PROPOSED)
        for performer_id in sorted({each.performer_id for each in decisions if each.performer_id is not None}):
            self._learner.relearn(performer_id)
        store.items.refresh_matched({(each.kind, each.item_id) for each in decisions})

    def _with_memory(self, face: StoredFace, verdict: VerdictRecord) -> VerdictRecord:
        store = self._context.store
        faces = store.faces.of_items(face.kind, [face.item_id], self._model_id)[face.item_id]
        states = store.items.states(face.kind, [face.item_id])
        pairs = [(f, verdict if f.face_id == face.face_id else v) for f in faces if (v := f.verdict) is not None]
        fingerprint = states[face.item_id].fingerprint if face.item_id in states else ""
        moving = bool(store.scenes.moving(face.kind, [face.item_id]))
        final = self._memory.apply(face.kind, [_judged(face.item_id, fingerprint, pairs, moving)])[0]
        found = [v for (each, _), v in zip(pairs, final, strict=True) if each.face_id == face.face_id]
        return found[0] if found else verdict


def _judged(
    item_id: int, fingerprint: str, faces: Sequence[tuple[StoredFace, VerdictRecord]], moving: bool
) -> JudgedItem:
    return JudgedItem(
        item_id,
        fingerprint,
        [face.box for face, _ in faces],
        [face.embedding for face, _ in faces],
        [verdict for _, verdict in faces],
        moving,
    )


def _performers(held: Lists, changes: Iterable[Change], scene_id: int) -> set[str]:
    """Who is on a scene, those included who go on it by these changes."""
    there = set(held["performer_ids"])
    mine = (c for c in changes if c.kind is Kind.SCENE and c.item_id == str(scene_id) and c.field == "performer_ids")
    return there | {change.value for change in mine if change.op is Op.ADD}


def _by_kind(items: Iterable[Item]) -> dict[Kind, list[int]]:
    found: dict[Kind, list[int]] = {}
    for kind, item_id in items:
        found.setdefault(kind, []).append(item_id)
    return found


def _denied(words: Iterable[Word], item: Item) -> set[str]:
    """Performers that a face of the item was said not to be."""
    return {w.performer_id for w in words if w.item == item and w.said is Said.NOT_HER and w.performer_id is not None}


def _of_run(verdict: VerdictRecord, run_id: str) -> VerdictRecord:
    return replace(verdict, run_id=run_id)


def _same_item(change: Change, decision: Decision) -> bool:
    return change.kind is decision.kind and change.item_id == str(decision.item_id)
