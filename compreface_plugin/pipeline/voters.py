"""Whether the frames of a scene or clip agree about a person: single sightings are judged beside the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from compreface_plugin.domain.agreement import Ballot, settle
from compreface_plugin.domain.records import Verdict, VerdictRecord
from compreface_plugin.domain.tracks import ScenePerson, appearances
from compreface_plugin.store.scenes import Exemplar, KnownPerson, SeenPerson

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32
    from compreface_plugin.pipeline.judge import Judge
    from compreface_plugin.pipeline.scene_sight import SceneSight
    from compreface_plugin.store.scenes import ScenePeople

EXEMPLARS = 6  # sightings of each person that vote and are kept with their crops
ENOUGH_VOTERS = 3  # a person seen so often well needs no more frames
LASTING_VOTERS = 2  # an unknown person seen well less often is a passer-by

Outcome = tuple[tuple[tuple[str, str], ...], int]


class Voters:
    """Judges people with the votes of their best sightings."""

    def __init__(self, judge: Judge, kept: ScenePeople, model_id: str) -> None:
        self._judge = judge
        self._kept = kept
        self._model_id = model_id

    def settle(self, people: Sequence[SeenPerson | KnownPerson], *, tiles_only: bool = False) -> list[VerdictRecord]:
        """The verdict of each person of one item, in order. Every one has an embedding."""
        asked = [(person.face.embedding, self._votes(person)) for person in people]
        return settle(self._ballots(asked), tiles_only=tiles_only)  # type: ignore[arg-type]  # none is missing

    def doubts(self, people: Sequence[ScenePerson]) -> list[ScenePerson]:
        """Those who resemble somebody and are not settled, and those of whom there is no good face yet."""
        return [
            person
            for person, verdict in zip(people, self._preview(people), strict=True)
            if verdict.verdict is not Verdict.ACCEPT
            and len(person.voters) < ENOUGH_VOTERS
            and (verdict.verdict is Verdict.REVIEW or len(person.voters) < LASTING_VOTERS)
        ]

    def outcome(self, people: Sequence[ScenePerson]) -> Outcome | None:
        """What would be said of the item now: who is named or proposed, and how many lasting unknown people there are.
        None while somebody who resembles a performer was seen too rarely to tell."""
        verdicts = self._preview(people)
        open_cases = (
            verdict.verdict is Verdict.REVIEW and len(person.voters) < ENOUGH_VOTERS
            for person, verdict in zip(people, verdicts, strict=True)
        )
        if any(open_cases):
            return None
        told = {(v.verdict.value, v.best.performer_id) for v in verdicts if v.best and v.verdict is not Verdict.UNKNOWN}
        unknown = sum(
            verdict.verdict is Verdict.UNKNOWN and len(person.voters) >= LASTING_VOTERS
            for person, verdict in zip(people, verdicts, strict=True)
        )
        return tuple(sorted(told)), unknown

    def _preview(self, people: Sequence[ScenePerson]) -> list[VerdictRecord]:
        return settle(self._ballots([(p.template, [s.face.embedding for s in p.exemplars(EXEMPLARS)]) for p in people]))

    def _ballots(self, people: Sequence[tuple[Float32, Sequence[Float32]]]) -> list[Ballot]:
        """(template, embeddings of the voters) of each person, judged in one go."""
        verdicts = iter(self._judge.verdicts([each for template, votes in people for each in (template, *votes)]))
        return [Ballot(next(verdicts), [next(verdicts) for _ in votes]) for _, votes in people]

    def _votes(self, person: SeenPerson | KnownPerson) -> list[Float32]:
        if isinstance(person, SeenPerson):
            exemplars: Sequence[Exemplar] = person.exemplars
        else:
            exemplars = self._kept.exemplars(person.face.face_id, self._model_id)
        return [each.embedding for each in exemplars if each.embedding is not None]


def people_to_keep(sight: SceneSight) -> list[SeenPerson]:
    """Everybody but those seen once and badly."""
    return [_kept(person, sight) for person in sight.people if person.voters or len(person.sightings) > 1]


def _kept(person: ScenePerson, sight: SceneSight) -> SeenPerson:
    best = person.representative
    return SeenPerson(
        face=replace(best.face, embedding=person.template),
        at_s=best.at_s,
        sightings=len(person.sightings),
        tiles=sight.tiles,
        appearances=appearances(person.sightings, sight.frame_times, sight.duration_s),
        exemplars=tuple(
            Exemplar(each.at_s, each.weight, each.face.crop_jpeg, each.face.embedding)
            for each in person.exemplars(EXEMPLARS)
        ),
    )
