"""Accuracy before and after people confirmed 200 faces. `python -m benchmarks.confirmations [--engine dlib ...]`.

One picture of each person of the LFW development set is enrolled; 200 other faces, spread evenly, are confirmed and go
through the rule that chooses examples; the rest are probes, beside people nobody enrolled. Default settings.
"""

from __future__ import annotations

import numpy as np

from benchmarks import lfw
from compreface_plugin.domain.gallery import Gallery
from compreface_plugin.domain.learning import LearningRule, choose_examples
from compreface_plugin.domain.matching import Matcher, Verdict
from compreface_plugin.domain.operating_points import operating_point

CONFIRMATIONS = 200
DRAWS = 5


def main() -> None:
    chosen = lfw.arguments("Accuracy before and after 200 confirmations.").parse_args()
    for pack in chosen.engine or lfw.ENGINES:
        report(lfw.load(pack, chosen.data, chosen.cache, reuse=chosen.reuse))


def report(faces: lfw.FaceSet) -> None:
    before, after = (np.mean([measure(faces, seed, learn) for seed in range(DRAWS)], axis=0) for learn in (False, True))
    for word, (named, proposed, wrong) in (("before", before), (f"after {CONFIRMATIONS}", after)):
        print(
            f"{faces.pack:16s} {word:10s} named right {named:6.1%}, right name proposed or named {proposed:6.1%}, "
            f"strangers named {wrong:6.2%}"
        )


def measure(faces: lfw.FaceSet, seed: int, learn: bool) -> tuple[float, float, float]:
    """(right names, right names with proposals, strangers named), as shares."""
    rng = np.random.default_rng(seed)
    point = operating_point(faces.model_id, faces.pack)
    people = {name: rng.permutation(rows) for name, rows in faces.pictures_of_known().items()}
    share = -(-CONFIRMATIONS // len(people))
    enrolled: list[int] = []
    names: list[str] = []
    probes: list[tuple[int, str]] = []
    for name, rows in people.items():
        mine = [int(rows[0])]
        pool = [int(row) for row in rows[1 : 1 + share]]
        if learn:
            rule = LearningRule.of(point, 0.0)
            picked = choose_examples(faces.embeddings[mine], faces.embeddings[pool], [1.0] * len(pool), rule)
            mine += [pool[row] for row in picked]
        enrolled += mine
        names += [name] * len(mine)
        probes += [(int(row), name) for row in rows[1 + share :]]
    subjects = [sorted(people).index(name) for name in names]
    matcher = Matcher(point, Gallery.build(faces.model_id, faces.embeddings[enrolled], subjects, names))
    hers = matcher.match(faces.embeddings[[row for row, _ in probes]])
    right = [m.best is not None and m.best.performer_id == who for m, (_, who) in zip(hers, probes, strict=True)]
    named = np.mean([ok and m.verdict is Verdict.ACCEPT for ok, m in zip(right, hers, strict=True)])
    told = np.mean([ok and m.verdict is not Verdict.UNKNOWN for ok, m in zip(right, hers, strict=True)])
    strangers = matcher.match(faces.embeddings[faces.strangers])
    return float(named), float(told), float(np.mean([m.verdict is Verdict.ACCEPT for m in strangers]))


if __name__ == "__main__":
    main()
