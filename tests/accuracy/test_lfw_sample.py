"""Real engines, real photographs: a sample of the LFW development set at the default settings.

The figures of docs/thresholds.md come from `python -m benchmarks.accuracy`; this keeps watch that they still hold,
with the slack that so small a sample needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks import lfw
from compreface_plugin.domain.errors import ModelUnavailable
from compreface_plugin.domain.matching import Gallery, Matcher, Verdict
from compreface_plugin.domain.operating_points import operating_point
from compreface_plugin.engine.select import open_engine

if TYPE_CHECKING:
    from pathlib import Path

KNOWN, STRANGERS, ENROLLED = 25, 75, 3

pytestmark = [pytest.mark.data, pytest.mark.models, pytest.mark.slow]


@pytest.mark.parametrize(("pack", "least_right"), [("dlib", 0.85), ("light", 0.94), ("buffalo_sc_int8", 0.96)])
def test_known_people_are_named_and_strangers_are_not(pack: str, least_right: float, data_dir: Path) -> None:
    rows = _sample(data_dir)
    try:
        engine = open_engine(pack, data_dir=None, models_dir=data_dir / "models")
    except ModelUnavailable as error:
        pytest.skip(str(error))
    try:
        found = list(lfw.embed(engine, data_dir / "faces" / "lfw", rows))
    finally:
        engine.close()
    faces = [(row["role"], row["identity"], one) for row, one in zip(rows, found, strict=True) if one is not None]
    assert len(faces) >= 0.98 * len(rows), "faces were not found"

    people = {name for role, name, _ in faces if role == "known"}
    pictures = {name: [one for _, other, one in faces if other == name] for name in people}
    enrolled = [(name, one) for name in sorted(people) for one in pictures[name][:ENROLLED]]
    probes = [(name, one) for name in sorted(people) for one in pictures[name][ENROLLED:]]
    gallery = Gallery.build(
        engine.info.model_id,
        np.array([one for _, one in enrolled]),
        list(range(len(enrolled))),
        [name for name, _ in enrolled],
    )
    matcher = Matcher(operating_point(engine.info.model_id, pack), gallery)

    named = matcher.match(np.array([one for _, one in probes]))
    accepted = [(name, match.best) for (name, _), match in zip(probes, named, strict=True) if _accepted(match.verdict)]
    right = sum(best is not None and best.performer_id == name for name, best in accepted)
    assert right == len(accepted), "somebody was named wrongly"
    assert right >= least_right * len(probes)

    strangers = matcher.match(np.array([one for role, _, one in faces if role == "stranger"]))
    assert sum(_accepted(match.verdict) for match in strangers) <= 1


def _accepted(verdict: Verdict) -> bool:
    return verdict is Verdict.ACCEPT


def _sample(data_dir: Path) -> list[dict[str, str]]:
    """Every picture of the first people, and the first strangers, in the order of the index."""
    rows = lfw.index(data_dir)
    known = list(dict.fromkeys(row["identity"] for row in rows if row["role"] == "known"))[:KNOWN]
    strangers = [row for row in rows if row["role"] == "stranger"][:STRANGERS]
    return [row for row in rows if row["identity"] in known] + strangers
