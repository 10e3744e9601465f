"""synchronizePerformers: enrol every performer's own picture, and tidy up after performers that are gone."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import ItemError
from compreface_plugin.domain.faces import DetectionLimits, SeenFace
from compreface_plugin.domain.records import Change, Enrolment, Kind, Op, Subject
from compreface_plugin.domain.subjects import build_subject_name, is_subject_name, subject_names_of
from compreface_plugin.pipeline.look import look_at
from compreface_plugin.pipeline.mirror import learn
from compreface_plugin.pipeline.pinning import COMPREFACE
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.values import int_arg

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import EngineInfo, Picture
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.records import PerformerRecord

ENROLLED, NO_FACE, SEVERAL, UNREADABLE = "enrolled", "no face", "several faces", "unreadable"
DOMINANT = 4.0  # the face to enrol has at least this many times the area of any other: bystanders do not count
MEGAPIXELS_OF_PORTRAIT = 4.0  # assumed when planning memory: Stash does not tell the size of a performer's picture


@dataclass(frozen=True, slots=True)
class _Fetched:
    performer: PerformerRecord
    sha: str
    data: bytes


def synchronize_performers(context: Context) -> dict[str, Any]:
    """Finds the face on each performer's own picture and keeps it as an example. Unchanged pictures are skipped."""
    return execute(context, "synchronizePerformers", partial(_synchronize, context))


def _synchronize(context: Context, run: ActiveRun) -> None:
    limit = int_arg(context.args, "limit", 0, minimum=0)
    performers = sorted(context.library.performers(), key=lambda performer: int(performer.id))
    _tidy(context, performers, run)
    info = context.engine.info
    with context.store.transaction():
        context.store.runs.pin_engine(run.run_id, info.engine, info.model_id)
    if info.engine == COMPREFACE:
        learn(context, performers, run.run_id)
    work = _Synchronizer(context, run, info)
    todo = [performer for performer in performers if int(performer.id) > run.cursor]
    if limit:
        todo = [performer for performer in todo if not work.is_settled(performer)][:limit]
    run.set_total(len(todo))
    size = context.settings.max_batch_size
    batches = _cut(todo, work.is_settled, size)
    for index, batch in enumerate(batches):
        computed = work.batch(batch)
        run.tell("performers")
        if index < len(batches) - 1:
            run.between(computed=computed)
    outcomes = Counter(enrolment.outcome for enrolment in context.store.people.enrolments().values())
    context.log.info("performers' pictures: " + ", ".join(f"{n} {what}" for what, n in sorted(outcomes.items())))


def _cut(performers: Sequence[PerformerRecord], is_settled: Any, size: int) -> list[list[PerformerRecord]]:
    """Batches with at most `size` performers whose picture has to be fetched; settled ones ride along."""
    batches: list[list[PerformerRecord]] = []
    fresh = size
    for performer in performers:
        settled = is_settled(performer)
        if not batches or (not settled and fresh == size):
            batches.append([])
            fresh = 0
        fresh += not settled
        batches[-1].append(performer)
    return batches


class _Synchronizer:
    def __init__(self, context: Context, run: ActiveRun, info: EngineInfo) -> None:
        self._context = context
        self._run = run
        self._info = info
        self._enrolments = context.store.people.enrolments()
        self._limits = DetectionLimits(min_face_px=float(context.settings.min_face_size))

    def is_settled(self, performer: PerformerRecord) -> bool:
        """Whether nothing has to be fetched: no own picture, or the very one we know, seen by this model."""
        if not performer.has_own_image:
            return True
        known = self._enrolments.get(performer.id)
        return known is not None and known.picture_url == performer.image_url and self._holds(known)

    def _holds(self, known: Enrolment) -> bool:
        """Whether an earlier outcome would be the same today: by this model, and where a face was passed over also
        by this size limit. What could not be read is tried again."""
        same_limit = known.min_face_px == self._limits.min_face_px
        return known.model_id == self._info.model_id and (
            known.outcome == ENROLLED or (known.outcome in (NO_FACE, SEVERAL) and same_limit)
        )

    def batch(self, performers: Sequence[PerformerRecord]) -> bool:
        """Returns whether something was computed."""
        fetched, settled = self._fetch([p for p in performers if not self.is_settled(p)])
        results = {**settled, **self._look(fetched)}
        changes = self._alias_changes(performers, results)
        enrolled = sum(face is not None for _, face in results.values())
        reasons = Counter(
            reason for performer in performers if (reason := _why_not(performer, results.get(performer.id)))
        )
        unreadable = reasons[f"failed {UNREADABLE}"]
        self._run.commit(
            lambda: self._store(performers, results, changes),
            cursor=int(performers[-1].id),
            counts={
                "seen": len(performers),
                "faces": enrolled,
                "created": enrolled,
                "failed": unreadable,
                "skipped": len(performers) - enrolled - unreadable,
            },
            items=len(performers),
            reasons=reasons,
        )
        if changes:
            self._context.journal.apply(self._run.run_id)
        self._say(performers, results)
        return bool(fetched)

    # fetching and looking ---------------------------------------------------------------------------------------------

    def _fetch(
        self, performers: Sequence[PerformerRecord]
    ) -> tuple[list[_Fetched], dict[str, tuple[Enrolment, SeenFace | None]]]:
        """The pictures to look at, and what is settled without looking: unreadable, or the same bytes as before.

        Stash's picture address changes with any edit of the performer, so the bytes decide, not the address.
        """
        fetched: list[_Fetched] = []
        settled: dict[str, tuple[Enrolment, SeenFace | None]] = {}
        for performer in performers:
            self._context.cancel.raise_if_cancelled()
            try:
                data = self._context.library.performer_picture(performer)
            except ItemError as error:
                settled[performer.id] = (self._enrolment(performer, "", UNREADABLE, str(error)), None)
                continue
            sha = hashlib.sha256(data).hexdigest()
            known = self._enrolments.get(performer.id)
            if known is not None and known.picture_sha == sha and self._holds(known):
                settled[performer.id] = (self._enrolment(performer, sha, known.outcome, known.detail), None)
            else:
                fetched.append(_Fetched(performer, sha, data))
        return fetched, settled

    def _look(self, fetched: Sequence[_Fetched]) -> dict[str, tuple[Enrolment, SeenFace | None]]:
        decode = self._context.decode
        context = self._context

        def load(item: _Fetched) -> Picture:
            return decode(item.data, f"performer {item.performer.id}")

        looked = look_at(fetched, load, context.engine, self._limits, context.cancel, lambda _: MEGAPIXELS_OF_PORTRAIT)
        results: dict[str, tuple[Enrolment, SeenFace | None]] = {}
        for item, outcome in looked:
            if isinstance(outcome, ItemError):
                results[item.performer.id] = (
                    self._enrolment(item.performer, item.sha, UNREADABLE, str(outcome)),
                    None,
                )
                continue
            face, word, detail = choose_face(outcome)
            results[item.performer.id] = (self._enrolment(item.performer, item.sha, word, detail), face)
        return results

    def _enrolment(self, performer: PerformerRecord, sha: str, outcome: str, detail: str) -> Enrolment:
        limit = self._limits.min_face_px
        return Enrolment(performer.id, performer.image_url, sha, outcome, detail, self._info.model_id, limit)

    # keeping it -------------------------------------------------------------------------------------------------------

    def _store(
        self,
        performers: Sequence[PerformerRecord],
        results: Mapping[str, tuple[Enrolment, SeenFace | None]],
        changes: Sequence[Change],
    ) -> None:
        people = self._context.store.people
        self._context.store.changes.plan(changes)
        for performer in performers:
            if performer.id not in results:
                if not performer.has_own_image:
                    self._forget_picture(performer)
                continue
            enrolment, face = results[performer.id]
            people.save_enrolment(enrolment, self._run.run_id)
            if enrolment.outcome == ENROLLED and face is None:
                continue  # the same picture as before: its example stands
            self._drop_other_pictures(performer.id, enrolment.picture_sha)
            if face is not None:
                self._enrol(performer, enrolment, face)

    def _enrol(self, performer: PerformerRecord, enrolment: Enrolment, face: SeenFace) -> None:
        context, people = self._context, self._context.store.people
        for example_id, sha in people.own_picture_examples(performer.id):
            if sha == enrolment.picture_sha:  # known from another model: one example, two embeddings
                people.add_embedding(example_id, self._info.model_id, face.embedding)
                return
        people.add_example(
            self._subject_for(performer).subject_id,
            origin="performer",
            origin_id=performer.id,
            picture_sha=enrolment.picture_sha,
            quality=face.quality.score,
            crop=face.crop_jpeg,
            model_id=self._info.model_id,
            embedding=face.embedding,
            run_id=self._run.run_id,
            now=context.clock.now(),
        )

    def _drop_other_pictures(self, performer_id: str, sha: str) -> None:
        """A performer's new picture replaces the old one; what was learned from items stays."""
        people = self._context.store.people
        people.delete_examples([each for each, known in people.own_picture_examples(performer_id) if known != sha])

    def _forget_picture(self, performer: PerformerRecord) -> None:
        if performer.id in self._enrolments:
            self._drop_other_pictures(performer.id, "")
            self._context.store.people.forget_enrolments([performer.id])

    def _subject_for(self, performer: PerformerRecord) -> Subject:
        """The stored pair first; then the subject named by an alias or the performer's name; else a new one."""
        people = self._context.store.people
        linked = people.subjects_of(performer.id)
        if linked:
            return linked[0]
        for name in subject_names_of(performer.name, performer.aliases):
            known = people.subject_named(name)
            if known is None:
                return people.add_subject(name, performer.id, self._run.run_id, self._context.clock.now())
            if known.performer_id is None:
                people.link(known.subject_id, performer.id)
                return known
        name = build_subject_name(performer.id)
        return people.add_subject(name, performer.id, self._run.run_id, self._context.clock.now())

    def _alias_changes(
        self, performers: Sequence[PerformerRecord], results: Mapping[str, tuple[Enrolment, SeenFace | None]]
    ) -> list[Change]:
        """With CompreFace or writeAliases: the subject's name as alias of every enrolled performer without one."""
        if not (self._context.settings.write_aliases or self._info.engine == COMPREFACE):
            return []
        changes = []
        for performer in performers:
            outcome = results.get(performer.id, (self._enrolments.get(performer.id), None))[0]
            if outcome is None or outcome.outcome != ENROLLED or any(map(is_subject_name, performer.aliases)):
                continue
            with self._context.store.transaction():
                subject = self._subject_for(performer)
            if not is_subject_name(performer.name):
                change = Change(self._run.run_id, Kind.PERFORMER, performer.id, "alias_list", Op.ADD, subject.name)
                changes.append(change)
        return changes

    def _say(
        self, performers: Sequence[PerformerRecord], results: Mapping[str, tuple[Enrolment, SeenFace | None]]
    ) -> None:
        for performer in performers:
            if performer.id not in results:
                continue
            enrolment, _ = results[performer.id]
            more = f" ({enrolment.detail})" if enrolment.detail else ""
            tell = self._context.log.warning if enrolment.outcome == UNREADABLE else self._context.log.info
            tell(f"performer {performer.id} ({performer.name}): {enrolment.outcome}{more}")


def _why_not(performer: PerformerRecord, result: tuple[Enrolment, SeenFace | None] | None) -> str:
    """Why a performer was not enrolled now; empty when it was."""
    if result is None:
        return "skipped unchanged" if performer.has_own_image else "skipped no picture"
    enrolment, face = result
    if enrolment.outcome == ENROLLED:
        return "" if face is not None else "skipped unchanged"
    return f"{'failed' if enrolment.outcome == UNREADABLE else 'skipped'} {enrolment.outcome}"


def choose_face(faces: Sequence[SeenFace]) -> tuple[SeenFace | None, str, str]:
    """The face a portrait is of: the only one, or one that dwarfs all others. Faces come largest first.

    Returns (face or None, outcome, detail for the user).
    """
    if not faces:
        return None, NO_FACE, "choose a picture that shows the face from the front, and large"
    if len(faces) > 1 and faces[0].box.area < DOMINANT * faces[1].box.area:
        return None, SEVERAL, f"{len(faces)} faces of similar size; crop the picture to the right one"
    return faces[0], ENROLLED, ""


def _tidy(context: Context, performers: Sequence[PerformerRecord], run: ActiveRun) -> None:
    """Links to performers that no longer exist are moved to whoever carries the subject's name now, or cut.

    A merge in Stash gives the destination the source's aliases and fires no hook, so it is noticed here.
    """
    people = context.store.people
    existing = {performer.id for performer in performers}
    carriers = {
        name.lower(): performer.id
        for performer in performers
        for name in subject_names_of(performer.name, performer.aliases)
    }
    gone = [s for s in people.subjects() if s.performer_id is not None and s.performer_id not in existing]
    with context.store.transaction():
        for subject in gone:
            people.link(subject.subject_id, carriers.get(subject.name.lower()))
        for subject in people.subjects():
            if subject.performer_id is None and subject.name.lower() in carriers:
                people.link(subject.subject_id, carriers[subject.name.lower()])
        people.forget_enrolments(set(people.enrolments()) - existing)
    if gone:
        context.log.info(
            f"{len(gone)} subjects belonged to performers that no longer exist; their links were cleaned up"
        )
