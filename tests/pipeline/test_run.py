"""A run whose batch cannot be stored."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from compreface_plugin.domain.errors import StoreError
from compreface_plugin.domain.records import RunState
from compreface_plugin.host.clock import SystemClock
from compreface_plugin.pipeline.context import Context
from compreface_plugin.pipeline.run import ActiveRun
from compreface_plugin.stopwatch import Stopwatch
from compreface_plugin.store.store import Store


def test_a_batch_that_the_disk_had_no_room_for_is_not_passed_over_by_the_next_start(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        with store.transaction():
            run = store.runs.begin("r", "identifyImagesNew", {}, 1.0)
        # all that a batch and an end ask of the context
        context = cast(Context, SimpleNamespace(store=store, clock=SystemClock(), steps=Stopwatch()))
        active = ActiveRun(context, run)
        active.commit(lambda: store.meta.set("first", 1), cursor=20, counts={"seen": 20}, items=20)
        pages = store._db.execute("PRAGMA page_count").fetchone()[0]
        store._db.execute(f"PRAGMA max_page_count = {pages}")

        def too_much() -> None:
            for n in range(2000):
                store.meta.set(f"key {n}", "x" * 5000)

        with pytest.raises(StoreError, match="no space left"):
            active.commit(too_much, cursor=40, counts={"seen": 20}, items=20, reasons={"failed refused": 1})
        active.end(RunState.FAILED, "no space left")  # a few bytes still fit
        left: Any = store.runs.resumable("identifyImagesNew", {})
        assert (left.cursor, left.counts["seen"], left.reasons) == (20, 20, {})
        assert store.meta.get("key 0") is None
