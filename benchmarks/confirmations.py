"""Accuracy before and after people confirmed 200 faces. `python -m benchmarks.confirmations [--engine dlib ...]`.

One picture of each person of the LFW development set is enrolled; 200 other faces, spread evenly, are confirmed and go
through the rule that chooses examples; the rest are probes. Half of the strangers lie in the library as unknown faces,
the other half asks. The cohort is what the tasks would make of that: the enrolled people and the unknown faces.
Default settings. In brackets: 95 % interval, bootstrap over people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import lfw
from benchmarks.accuracy import Tally, interval, mean
from compreface_plugin.domain.cohort import Cohort, build_cohort
from compreface_plugin.domain.gallery import Gallery
from compreface_plugin.domain.learning import LearningRule, choose_examples
from compreface_plugin.domain.matching import Matcher
from compreface_plugin.domain.operating_points import OperatingPoint, deviate_of, operating_point
from compreface_plugin.domain.scoring import Scorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONFIRMATIONS = 200
RATES = (1e-2, 1e-3, 2e-4, 5e-5)


@dataclass(slots=True)
class Outcome:
    """Of one engine, with or without what was learned, over all draws."""

    tally: Tally = field(default_factory=Tally)
    above: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(RATES), np.int64))
    pairs: int = 0  # stranger and person


def main() -> None:
    parser = lfw.arguments("Accuracy before and after 200 confirmations.")
    parser.add_argument("--draws", type=int, default=50)
    chosen = parser.parse_args()
    for pack in chosen.engine or lfw.ENGINES:
        faces = lfw.load(pack, chosen.data, chosen.cache, reuse=chosen.reuse)
        for cohort in (False, True):
            report(faces, cohort, chosen.draws)


def report(faces: lfw.FaceSet, with_cohort: bool, draws: int) -> None:
    point = operating_point(faces.model_id, faces.pack)
    if with_cohort and point.normalisation is None:
        return
    before, after = Outcome(), Outcome()
    for seed in range(draws):
        measure(faces, point, seed, with_cohort, before, after)
    for word, outcome in (("before", before), (f"after {CONFIRMATIONS}", after)):
        tally, low, high = outcome.tally, *interval(outcome.tally.accepted_strangers)
        rates = "  ".join(
            f"{count / outcome.pairs:.1e} ({rate:.0e})" for rate, count in zip(RATES, outcome.above, strict=True)
        )
        print(
            f"{faces.pack:16s} {'cohort' if with_cohort else 'none':7s} {word:10s} "
            f"named right {mean(tally.right):6.1%}, right name proposed or named {mean(tally.offered):6.1%}, "
            f"strangers named {mean(tally.accepted_strangers):6.2%} [{low:.2%}-{high:.2%}]; "
            f"false match rate (stated): {rates}",
            flush=True,
        )
    late, early = after.tally.accepted_strangers, before.tally.accepted_strangers
    more = {who: [int(a) - int(b) for a, b in zip(late[who], early[who], strict=True)] for who in early}
    low, high = interval(more)
    print(f"{faces.pack:16s} strangers named after, less before: {mean(more):+.2%} [{low:+.2%} to {high:+.2%}]")


def measure(
    faces: lfw.FaceSet, point: OperatingPoint, seed: int, with_cohort: bool, before: Outcome, after: Outcome
) -> None:
    """One draw: the same pictures and strangers before and after."""
    rng = np.random.default_rng(seed)
    people = {name: rng.permutation(rows) for name, rows in faces.pictures_of_known().items()}
    share = -(-CONFIRMATIONS // len(people))
    strangers = rng.permutation(faces.strangers)
    library, asking = np.split(strangers, [len(strangers) // 2])
    asked = [(int(row), name) for name, rows in people.items() for row in rows[1 + share :]]
    for outcome, confirmed in ((before, 0), (after, share)):
        names, enrolled = enrol(faces, point, people, confirmed)
        gallery = Gallery.build(faces.model_id, faces.embeddings[enrolled], [0] * len(names), names)
        cohort = of_library(faces, point, enrolled, names, library) if with_cohort else None
        matcher = Matcher(point, gallery, cohort)
        for (_, who), match in zip(asked, matcher.match(faces.embeddings[[row for row, _ in asked]]), strict=True):
            outcome.tally.known(who, match)
        for row, match in zip(asking, matcher.match(faces.embeddings[asking]), strict=True):
            outcome.tally.stranger(str(faces.identities[row]), match)
        scorer, everybody = Scorer(point, gallery, cohort), np.arange(gallery.people)
        deviates = np.stack([scorer.exact(faces.embeddings[row], everybody) for row in asking])
        outcome.above += [int((deviates >= deviate_of(rate)).sum()) for rate in RATES]
        outcome.pairs += deviates.size


def enrol(
    faces: lfw.FaceSet, point: OperatingPoint, people: dict[str, lfw.Int64], confirmed: int
) -> tuple[list[str], list[int]]:
    """Name and row of every example: the first picture of each, and what is learned of the next `confirmed`."""
    names, enrolled, rule = [], [], LearningRule.of(point, 0.0)
    for name, rows in people.items():
        mine, pool = [int(rows[0])], [int(row) for row in rows[1 : 1 + confirmed]]
        picked = choose_examples(faces.embeddings[mine], faces.embeddings[pool], [1.0] * len(pool), rule)
        mine += [pool[row] for row in picked]
        enrolled += mine
        names += [name] * len(mine)
    return names, enrolled


def of_library(
    faces: lfw.FaceSet, point: OperatingPoint, enrolled: list[int], names: list[str], library: lfw.Int64
) -> Cohort:
    """As pipeline/judge.py makes it: one face of each enrolled person, and faces nobody was named for."""
    rows = [*enrolled, *(int(row) for row in library)]
    keys = [*(f"performer {name}" for name in names), *(f"image {row}" for row in library)]
    told = [*names, *([""] * len(library))]
    return build_cohort(faces.model_id, faces.embeddings[rows], keys, told, float(point.same_person_at))


if __name__ == "__main__":
    main()
