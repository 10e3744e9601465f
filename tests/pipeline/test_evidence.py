"""Which faces two engines are measured by: the same ones, also where a library has more than are held against all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from compreface_plugin.domain.faces import EngineInfo
from compreface_plugin.pipeline.evidence import gather
from compreface_plugin.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path


def engine(pack: str) -> EngineInfo:
    return EngineInfo("local", pack, f"{pack}@0", pack, 8, "cpu")


def test_two_engines_are_measured_by_the_same_faces(tmp_path: Path) -> None:
    rows = np.random.default_rng(5).standard_normal((40, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    with Store.open(tmp_path) as store:
        with store.transaction():
            for number, row in enumerate(rows):
                subject = store.people.add_subject(f"subject {number}", str(number), "", 0.0)
                example = store.people.add_example(
                    subject.subject_id, origin="performer", origin_id=str(number), picture_sha="", quality=1.0,
                    crop=b"", model_id="old@0", embedding=row, run_id="", now=0.0,
                )  # fmt: skip
                if number not in (0, 12):  # of which the new engine could not see the face
                    store.people.add_embedding(example, "new@0", row)
        context = SimpleNamespace(store=store)
        old, new = (
            gather(context, engine(pack), confirmed_only=False, most=10)  # type: ignore[arg-type]
            for pack in ("old", "new")
        )
    assert old.performer_ids == tuple(str(number) for number in range(0, 40, 4))
    assert set(old.performer_ids) - set(new.performer_ids) == {"0", "12"}
    assert set(new.performer_ids) < set(old.performer_ids)
