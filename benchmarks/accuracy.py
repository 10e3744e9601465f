"""Open-set identification on the LFW development set at the default settings: one table for every engine.

    python -m benchmarks.accuracy [--engine dlib ...] [--draws 20] [--data ../shared/data] [--cache FOLDER] [--reuse]

Real engine, real matcher. Half of the strangers is the cohort (or further enrolled people), the other half asks.
`right`: probes of known people accepted under their own name; `wrong`: under another; `+review`: accepted or
proposed with the right person first; `strangers`: strangers accepted as anybody; `proposed`: strangers that
become a proposal. In brackets: 95 % interval, bootstrap over people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks import lfw
from compreface_plugin.domain.cohort import Cohort, build_cohort
from compreface_plugin.domain.gallery import Gallery
from compreface_plugin.domain.matching import FaceMatch, Matcher, Verdict
from compreface_plugin.domain.operating_points import OperatingPoint, operating_point

HEAD = f"{'engine':16s}{'people':>7s}{'enrolled':>9s}  {'cohort':18s}{'right':>8s}{'':15s}{'wrong':>8s}{'+review':>9s}"
HEAD += f"{'strangers':>11s}{'':15s}{'proposed':>9s}"


@dataclass(slots=True)
class Tally:
    """Outcomes per person, so that intervals can be drawn over people."""

    right: dict[str, list[bool]] = field(default_factory=dict)
    wrong: dict[str, list[bool]] = field(default_factory=dict)
    offered: dict[str, list[bool]] = field(default_factory=dict)
    accepted_strangers: dict[str, list[bool]] = field(default_factory=dict)
    proposed_strangers: dict[str, list[bool]] = field(default_factory=dict)

    def known(self, person: str, match: FaceMatch) -> None:
        first = match.best is not None and match.best.performer_id == person
        accepted = match.verdict is Verdict.ACCEPT
        self.right.setdefault(person, []).append(accepted and first)
        self.wrong.setdefault(person, []).append(accepted and not first)
        self.offered.setdefault(person, []).append(first and match.verdict is not Verdict.UNKNOWN)

    def stranger(self, person: str, match: FaceMatch) -> None:
        self.accepted_strangers.setdefault(person, []).append(match.verdict is Verdict.ACCEPT)
        self.proposed_strangers.setdefault(person, []).append(match.verdict is Verdict.REVIEW)


def main() -> None:
    parser = lfw.arguments("Accuracy of every engine at the default settings.")
    parser.add_argument("--draws", type=int, default=20)
    chosen = parser.parse_args()
    print(HEAD)
    for pack in chosen.engine or lfw.ENGINES:
        faces = lfw.load(pack, chosen.data, chosen.cache, reuse=chosen.reuse)
        point = operating_point(faces.model_id, pack)
        for enrolled in (1, 3):
            for setting in ("strangers", "none", "none, larger", "enrolled, larger"):
                tally, people = run(faces, point, enrolled, setting, chosen.draws)
                print(row(pack, people, enrolled, setting.split(",")[0], tally), flush=True)


def run(faces: lfw.FaceSet, point: OperatingPoint, enrolled: int, setting: str, count: int) -> tuple[Tally, int]:
    """Setting: where the cohort comes from; "larger" enrols the first half of the strangers as further people."""
    tally, people = Tally(), 0
    for draw in lfw.draws(faces, enrolled, count):
        gallery = _gallery(faces, draw, larger=setting.endswith("larger"))
        people = gallery.people
        matcher = Matcher(point, gallery, _cohort(faces, draw, point, setting.split(",")[0]))
        for person, match in zip(draw.probe_people, matcher.match(faces.embeddings[draw.probes]), strict=True):
            tally.known(person, match)
        for asked, match in zip(draw.strangers, matcher.match(faces.embeddings[draw.strangers]), strict=True):
            tally.stranger(str(faces.identities[asked]), match)
    return tally, people


def _gallery(faces: lfw.FaceSet, draw: lfw.Draw, *, larger: bool) -> Gallery:
    rows = np.concatenate([draw.enrolled, draw.half]) if larger else draw.enrolled
    further = [str(name) for name in faces.identities[draw.half]] if larger else []
    people = draw.enrolled_people + further
    return Gallery.build(faces.model_id, faces.embeddings[rows], [int(row) for row in rows], people)


def _cohort(faces: lfw.FaceSet, draw: lfw.Draw, point: OperatingPoint, source: str) -> Cohort | None:
    if source == "none":
        return None
    people = [str(name) if source == "enrolled" else "" for name in faces.identities[draw.half]]
    keys = [str(row) for row in draw.half]
    return build_cohort(faces.model_id, faces.embeddings[draw.half], keys, people, point.same_person_at)


def row(pack: str, people: int, enrolled: int, cohort: str, tally: Tally) -> str:
    right, named = interval(tally.right), interval(tally.accepted_strangers)
    return (
        f"{pack:16s}{people:7d}{enrolled:9d}  {cohort:18s}{mean(tally.right):8.1%} [{right[0]:5.1%}-{right[1]:6.1%}]"
        f"{mean(tally.wrong):8.2%}{mean(tally.offered):9.1%}"
        f"{mean(tally.accepted_strangers):11.2%} [{named[0]:5.2%}-{named[1]:6.2%}]{mean(tally.proposed_strangers):9.1%}"
    )


def mean(outcomes: Mapping[str, Sequence[int]]) -> float:
    return float(np.mean([outcome for of_person in outcomes.values() for outcome in of_person]))


def interval(outcomes: Mapping[str, Sequence[int]]) -> tuple[float, float]:
    """95 % interval of the mean, by 1,000 resamplings of the people."""
    hits = np.array([sum(of_person) for of_person in outcomes.values()], float)
    asked = np.array([len(of_person) for of_person in outcomes.values()], float)
    chosen = np.random.default_rng(0).integers(0, len(hits), (1000, len(hits)))
    means = hits[chosen].sum(axis=1) / asked[chosen].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
