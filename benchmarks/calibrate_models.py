"""Measures what `compreface_plugin/domain/operating_points.py` states, and prints both side by side.

    python -m benchmarks.calibrate_models [--engine dlib ...] [--data ../shared/data] [--cache FOLDER] [--reuse]

How: docs/thresholds.md. Impostor comparisons of people with different names, one picture a person and templates
of several; a line through the normal deviates of their empirical false match rates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks import lfw
from compreface_plugin.domain.cohort import Cohort
from compreface_plugin.domain.gallery import Gallery
from compreface_plugin.domain.operating_points import OperatingPoint, Tail, deviate_of, operating_point
from compreface_plugin.domain.scoring import Scorer

Float64 = NDArray[np.float64]

RATES = np.geomspace(2e-3, 2e-5, 9)  # the part of the tail that the operating points stand on
NARROWING_RATES = np.array([1e-2, 1e-3, 2e-4])
TEMPLATE_SIZES = (2, 3, 4, 6)
DRAWS = 12


def main() -> None:
    parser = lfw.arguments("Repeat the measurement behind the table of operating points.")
    chosen = parser.parse_args()
    for pack in chosen.engine or lfw.ENGINES:
        report(lfw.load(pack, chosen.data, chosen.cache, reuse=chosen.reuse))


def report(faces: lfw.FaceSet) -> None:
    now = operating_point(faces.model_id, faces.pack)
    centre, narrowing = shape(faces)
    plain = fit(plain_impostors(faces, centre, narrowing))
    print(f"\n{faces.pack} ({faces.model_id}), {len(faces.embeddings)} faces of {faces.pictures} pictures")
    line("centre", centre, now.centre)
    line("narrowing", narrowing, now.narrowing)
    line("plain intercept", plain.intercept, now.plain.intercept)
    line("plain slope", plain.slope, now.plain.slope)
    for rate in (1e-3, 1e-4, 1e-5, 1e-6):
        line(f"person score at FMR {rate:.0e}", plain.score(deviate_of(rate)), now.plain.score(deviate_of(rate)))
    if now.normalisation is not None:
        line("exclude at", plain.score(deviate_of(1e-4)), now.normalisation.exclude_at)
        for enrolled in (1, 3):
            tail = fit(normalised_impostors(faces, now, enrolled))
            line(f"normalised intercept, {enrolled} enrolled", tail.intercept, now.normalisation.tail.intercept)
            line(f"normalised slope, {enrolled} enrolled", tail.slope, now.normalisation.tail.slope)
            for rate in (5e-4, 5e-5, 1e-5):
                score = tail.score(deviate_of(rate))
                line(f"normalised score at FMR {rate:.0e}", score, now.normalisation.tail.score(deviate_of(rate)))


def line(name: str, measured: float, stated: float) -> None:
    print(f"  {name:38s} measured {measured:9.4f}   stated {stated:9.4f}")


def fit(impostors: Float64) -> Tail:
    """The line through the deviates of the empirical FMR, by least squares over RATES."""
    scores = np.quantile(impostors, 1.0 - RATES)
    slope, intercept = np.polyfit(scores, [deviate_of(rate) for rate in RATES], 1)
    return Tail(float(intercept), float(slope))


def shape(faces: lfw.FaceSet) -> tuple[float, float]:
    """Mean impostor cosine, and how impostor scores narrow with the number of pictures averaged."""
    rng = np.random.default_rng(0)
    strangers = faces.embeddings[faces.strangers].astype(np.float64)
    people = [rows for rows in faces.pictures_of_known().values() if len(rows) >= max(TEMPLATE_SIZES)]

    orders = [rng.permutation(rows) for _ in range(DRAWS) for rows in people]

    def impostors(size: int) -> tuple[Float64, float]:
        means = np.array([faces.embeddings[rows[:size]].mean(axis=0) for rows in orders], np.float64)
        return (strangers @ means.T).ravel(), float((means**2).sum(axis=1).mean())

    single = (strangers @ faces.embeddings[np.concatenate(people)].astype(np.float64).T).ravel()
    centre = float(single.mean())
    reach = np.quantile(single, 1.0 - NARROWING_RATES) - centre
    found = []
    for size in TEMPLATE_SIZES:
        scores, squared_length = impostors(size)
        ratio = (np.quantile(scores, 1.0 - NARROWING_RATES) - centre) / reach
        found.append(np.mean((1.0 - ratio**2) / (1.0 - squared_length)))
    return centre, float(np.mean(found))


def plain_impostors(faces: lfw.FaceSet, centre: float, narrowing: float) -> Float64:
    """Person scores of every stranger and known person against every other, one and three pictures a person."""
    _, first = np.unique(faces.identities, return_index=True)
    singles = faces.embeddings[first].astype(np.float64)
    parts = [(singles @ singles.T)[np.triu_indices(len(singles), 1)]]
    strangers = faces.embeddings[faces.strangers].astype(np.float64)
    for draw in lfw.draws(faces, 3, 4):
        pictures = faces.embeddings[draw.enrolled].astype(np.float64)
        means = pictures.reshape(-1, 3, pictures.shape[1]).mean(axis=1)
        variance = 1.0 - narrowing * (1.0 - (means**2).sum(axis=1))
        parts.append((centre + (strangers @ means.T - centre) / np.sqrt(variance)).ravel())
    return np.concatenate(parts)


def normalised_impostors(faces: lfw.FaceSet, point: OperatingPoint, enrolled: int) -> Float64:
    """Normalised scores (without the stated tail) of strangers against enrolled people, half the strangers cohort."""
    parts = []
    for draw in lfw.draws(faces, enrolled, DRAWS):
        gallery = Gallery.build(
            faces.model_id, faces.embeddings[draw.enrolled], list(range(len(draw.enrolled))), draw.enrolled_people
        )
        keys = tuple(str(row) for row in draw.half)
        cohort = Cohort(faces.model_id, faces.embeddings[draw.half], keys, ("",) * len(keys))
        scorer = Scorer(point, gallery, cohort)
        everyone = np.arange(gallery.people)
        deviates = np.array([scorer.exact(faces.embeddings[row], everyone) for row in draw.strangers])
        assert point.normalisation is not None
        tail = point.normalisation.tail
        parts.append(((deviates - tail.intercept) / tail.slope).ravel())
    return np.concatenate(parts)


if __name__ == "__main__":
    main()
