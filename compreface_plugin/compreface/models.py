"""The recognisers a CompreFace server may run: what their names say, and the coefficients of their similarity.

Coefficients and dimensions as in the sources of CompreFace 1.2.0 (unchanged since 0.6.1). A server that tells its own
coefficients is believed; the table stands in where the gateway keeps /core/status closed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Calculator:
    """One recogniser: `dimensions` of its embeddings, `c0` and `c1` of its similarity."""

    dimensions: int
    c0: float
    c1: float


CALCULATORS = {
    "20180402-114759": Calculator(512, 1.1817961, 5.291995557),
    "20180408-102900": Calculator(512, 1.1362496, 5.803152427),
    "inception_resnetv1_casia_masked": Calculator(512, 1.1145709, 4.554903071),
    "arcface_mobilefacenet": Calculator(128, 1.26538905, 5.552089201),
    "arcface-r100-msfdrop75": Calculator(512, 1.224676, 6.322647217),
    "arcface_r100_v1": Calculator(512, 1.23132175, 6.602259425),
    "arcface_resnet34": Calculator(512, 1.2462842, 5.981636853),
    "arcface_resnet50": Calculator(512, 1.2375747, 5.973354538),
    "arcface-r50-msfdrop75": Calculator(512, 1.2350148, 7.071431642),
    "arcface_mobilefacenet_casia_masked": Calculator(128, 1.22507105, 7.321198934),
}
UNNAMED = {"facenet.Calculator": "20180402-114759", "insightface.Calculator": "arcface_mobilefacenet"}
"""A build that names no model runs the first of its list."""


def known_calculator(name: str) -> Calculator | None:
    """By the name a server reports, as `insightface.Calculator@arcface-r100-msfdrop75`; None for a self-built one."""
    plugin, _, model = name.partition("@")
    return CALCULATORS.get(model or UNNAMED.get(plugin, ""))


@dataclass(frozen=True, slots=True)
class ServerModel:
    """What a server runs, as it told. `dimensions` is 0 while nobody knows: no face was seen yet."""

    calculator: str  # as reported; embeddings of two names are never compared
    detector: str  # "" when not told
    dimensions: int
    c0: float
    c1: float
    plugins: frozenset[str]  # slugs that may be asked for; empty: not told

    @property
    def model_id(self) -> str:
        return f"compreface:{self.calculator}"
