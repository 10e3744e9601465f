"""The recognisers a CompreFace server may run, and the model ids that stand for them.

Coefficients and dimensions as in the sources of CompreFace 1.2.0 (unchanged since 0.6.1). A model id holds all that
matching needs to know about a server, so that nothing has to be asked when only the store is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = "compreface:"
_TOLD = re.compile(r"^compreface:(?P<name>.*?)(\[(?P<c0>[-+.e\d]+),(?P<c1>[-+.e\d]+)\])?$")


@dataclass(frozen=True, slots=True)
class Calculator:
    """One recogniser: `dimensions` of its embeddings (0: not known), `c0` and `c1` of its similarity."""

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
SAME = 1e-4
"""Coefficients that differ by less are the same ones, told with fewer digits."""


def known_calculator(name: str) -> Calculator | None:
    """By the name a server reports, as `insightface.Calculator@arcface-r100-msfdrop75`; None for a self-built one."""
    plugin, _, model = name.partition("@")
    return CALCULATORS.get(model or UNNAMED.get(plugin, ""))


def service_model_id(name: str, c0: float, c1: float) -> str:
    """`compreface:` and the recogniser's name; coefficients behind it where they are not those of the table."""
    known = known_calculator(name)
    if known is not None and abs(known.c0 - c0) < SAME and abs(known.c1 - c1) < SAME:
        return PREFIX + name
    return f"{PREFIX}{name}[{c0:.6g},{c1:.6g}]"


def service_calculator(model_id: str) -> tuple[str, Calculator] | None:
    """The name and what is known of the recogniser behind a model id; None when no server's (or not understood)."""
    found = _TOLD.match(model_id)
    if found is None:
        return None
    known = known_calculator(found["name"])
    if found["c0"] is None:
        return (found["name"], known) if known is not None else None
    return found["name"], Calculator(known.dimensions if known else 0, float(found["c0"]), float(found["c1"]))
