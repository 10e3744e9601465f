"""The operating point of every recogniser: what its cosines mean in errors. The one table of match numbers.

FMR is the false match rate per comparison of a probe with one *person* (not with one picture). Impostor scores
are close to normal with a heavier upper tail, so the tail is kept as a straight line in normal deviates (the
axis of a DET plot): `deviate = intercept + slope * score`, `FMR = Q(deviate)`. Accept and review points are
deviates too, which makes one decision of plain and normalised scores: equal FMR, equal similarity.

Measured entries come from `python -m benchmarks.calibrate_models`; see docs/thresholds.md for data and limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

from compreface_plugin.domain.calculators import service_calculator
from compreface_plugin.domain.similarity import Cosine, Similarity, SimilarityScale

ACCEPT_SIMILARITY = Similarity(0.89)
REVIEW_SIMILARITY = Similarity(0.75)
REFERENCE_PEOPLE = 100
"""Gallery size up to which the settings hold as they are; beyond it the allowed FMR shrinks in proportion."""

LEAST_LEAD = 0.4
"""Least lead over the best other performer, in deviates. Costs no right name on LFW, halves the wrong ones."""
SAME_PERSON_FMR = 1e-4

_STANDARD = NormalDist()
_SMALLEST_RATE = 1e-290


def rate_of(deviate: float) -> float:
    """FMR of a normal deviate: the upper tail of the standard normal distribution."""
    return 0.5 * math.erfc(deviate / math.sqrt(2.0))


def deviate_of(rate: float) -> float:
    """Normal deviate of an FMR; inverse of `rate_of`. Rates are clamped into the open interval 0..1."""
    return -_STANDARD.inv_cdf(min(max(rate, _SMALLEST_RATE), 1.0 - 1e-16))


@dataclass(frozen=True, slots=True)
class Tail:
    """Impostor tail: `deviate = intercept + slope * score`. `slope` > 0."""

    intercept: float
    slope: float

    def deviate(self, score: float) -> float:
        return self.intercept + self.slope * score

    def score(self, deviate: float) -> float:
        return (deviate - self.intercept) / self.slope

    def fmr(self, score: float) -> float:
        return rate_of(self.deviate(score))


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Adaptive score normalisation (AS-norm, both sides): from which cohort on, and what its scores mean."""

    tail: Tail  # of the normalised score
    exclude_at: Cosine  # cohort entries as near as this to the probe or the person may be that person
    min_cohort: int = 200  # people; below that the plain score is better or as good
    top_share: float = 0.2  # share of the cohort, nearest first, that the statistics are taken from
    shrinkage: float = 0.6  # how far these are drawn towards the statistics of the cohort itself, 0..1
    small_sample: float = 12.0  # scores from C entries run high by the factor 1 / (1 - small_sample / C)


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What the default similarities mean for one recogniser."""

    name: str
    source: str  # "measured", or where the figures were published
    accept_fmr: float  # per comparison with a person, at similarity 0.89
    review_fmr: float  # the same at similarity 0.75
    plain: Tail  # of the plain person score
    centre: float  # mean impostor cosine
    narrowing: float  # how impostor scores narrow as pictures of a person are averaged, see scoring.py
    margin: float = LEAST_LEAD
    normalisation: Normalisation | None = None
    scale: SimilarityScale | None = None  # a server's own scale; None: fitted to the two points

    def similarity_scale(self) -> SimilarityScale:
        """The server's own scale, or the one on which 0.89 and 0.75 stand at the accept and review FMR."""
        if self.scale is not None:
            return self.scale
        return SimilarityScale.through(
            (Cosine(self.plain.score(deviate_of(self.accept_fmr))), ACCEPT_SIMILARITY),
            (Cosine(self.plain.score(deviate_of(self.review_fmr))), REVIEW_SIMILARITY),
        )

    @property
    def same_person_at(self) -> Cosine:
        """Cosine from which two faces are kept from standing in one cohort: FMR 1e-4."""
        return Cosine(self.plain.score(deviate_of(SAME_PERSON_FMR)))


_DLIB = OperatingPoint(
    name="dlib",
    source="measured",
    accept_fmr=5e-5,
    review_fmr=7e-4,
    plain=Tail(-40.0, 46.6),
    centre=0.836,
    narrowing=3.2,
    normalisation=Normalisation(Tail(0.46, 0.77), exclude_at=Cosine(0.939)),
)
_LIGHT = OperatingPoint(
    name="light",
    source="measured",
    accept_fmr=2.5e-5,
    review_fmr=5e-4,
    plain=Tail(0.81, 6.8),
    centre=0.006,
    narrowing=0.55,
    normalisation=Normalisation(Tail(1.45, 0.415), exclude_at=Cosine(0.43)),
)
_BUFFALO_S = OperatingPoint(
    name="buffalo_sc",
    source="measured",
    accept_fmr=1.5e-5,
    review_fmr=5e-4,
    plain=Tail(0.82, 9.7),
    centre=0.017,
    narrowing=0.77,
)
_BUFFALO_L = OperatingPoint(
    name="buffalo_l",
    source="published: InsightFace gives cosine 0.4078 at FMR 1e-6; the rest is carried over from buffalo_sc",
    accept_fmr=1e-6,
    review_fmr=1e-4,
    plain=Tail(deviate_of(1e-6) - 0.4078 * 9.7, 9.7),
    centre=0.0,
    narrowing=0.77,
)
_UNKNOWN = replace(
    _BUFFALO_L,
    name="unknown",
    source="assumed like buffalo_l, ten times stricter: never measured",
    accept_fmr=1e-7,
    review_fmr=1e-5,
)

_BY_PACK = {
    "dlib": _DLIB,
    "light": _LIGHT,
    "buffalo_sc": _BUFFALO_S,
    "buffalo_s": _BUFFALO_S,
    "buffalo_sc_int8": _BUFFALO_S,
    "buffalo_l": _BUFFALO_L,
    "buffalo_m": _BUFFALO_L,  # the same recogniser beside a smaller detector
    "antelopev2": replace(_BUFFALO_L, name="antelopev2"),
}


def operating_point(model_id: str, pack: str) -> OperatingPoint:
    """The point of a local pack or of a CompreFace server (its model id tells the coefficients).

    An unknown pack is judged by its model id, else by the careful generic point.
    """
    service = service_calculator(model_id)
    if service is not None:
        name, calculator = service
        return operating_point_for_service(calculator.c0, calculator.c1, name)
    known = _BY_PACK.get(pack) or _BY_PACK.get(model_id.split("@", 1)[0])
    return known if known is not None else _UNKNOWN


def operating_point_for_service(c0: float, c1: float, calculator: str) -> OperatingPoint:
    """The point of a CompreFace server: its own scale (`similarity_coefficients`), tails of the model family."""
    local = _BY_PACK.get(calculator.partition(".")[0].lower())  # a self-built server that runs a model we measured
    family = local or (_BUFFALO_L if "facenet" not in calculator.lower() else replace(_LIGHT, normalisation=None))
    scale = SimilarityScale(c0, c1)
    return replace(
        family,
        name=f"compreface:{calculator}",
        source="the server's own coefficients; error rates assumed from a model of the same family",
        accept_fmr=family.plain.fmr(scale.to_cosine(ACCEPT_SIMILARITY)),
        review_fmr=family.plain.fmr(scale.to_cosine(REVIEW_SIMILARITY)),
        scale=scale,
    )
