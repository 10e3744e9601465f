"""switchEngine: move to the engine the settings ask for. Kept crops are embedded anew, then the pin moves.

Stash is not touched, people, links and decisions stay, the old embeddings too: switching back costs nothing. What
moved, and what the new engine would do otherwise, is told and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.faces import DetectionLimits, Float32
from compreface_plugin.pipeline.crops import SMALLEST_FACE_PX, middle_face
from compreface_plugin.pipeline.look import look_at
from compreface_plugin.pipeline.model_in_use import pinned_info
from compreface_plugin.pipeline.pinning import open_named, read_pin, wanted, write_pin
from compreface_plugin.pipeline.run import ActiveRun, execute

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.ports import FaceEngine

BATCH = 100
CROP_MEGAPIXELS = 0.06  # crops are at most 256 px on their long side

KEY = "switchReport"  # in the store's small facts: the report of the last switch

Embedded = tuple[int, Float32]
Crops = Callable[[int, int], Sequence[tuple[int, bytes]]]  # behind an id, at most so many: (id, JPEG)
Save = Callable[[int, str, Float32], None]


def switch_engine(context: Context) -> dict[str, Any]:
    """Goes to the engine the settings ask for: CompreFace, the named pack or the best one. Resumes where it stopped.

    The arguments `engine` and `modelPack` go before the settings, which then follow: see `_follow`.
    """
    pack = wanted(context)
    engine = open_named(context, pack)
    try:
        pin = read_pin(context)
        if pin is not None and pin.model_id == engine.info.model_id:
            context.log.info(f"{pin.pack} ({pin.model_id}) is in use already")
            _follow(context)
            return {"pack": pack, "model": engine.info.model_id, "switched": False, "report": None}
        result = execute(context, "switchEngine", partial(_switch, context, engine))
        switched = result["state"] == "finished"
        if switched:
            _follow(context)
        report = context.store.meta.get(KEY) if switched else None
        return {**result, "pack": pack, "model": engine.info.model_id, "switched": switched, "report": report}
    finally:
        engine.close()


def switch_report(context: Context) -> dict[str, Any]:
    """What the last switch of engines moved and changed; null when there was none."""
    return {"report": context.store.meta.get(KEY)}


def _follow(context: Context) -> None:
    """Corrects the settings that ask for another engine than the arguments did; else everything after is refused.

    A setting that leaves the choice open (absent, empty, 0, `auto`) stays so.
    """
    held, settings = context.library.settings_held(context.plugin_id), context.settings
    for key, asked in (("engine", settings.engine), ("modelPack", settings.model_pack)):
        now = str(held.get(key) or "").strip()
        if asked and context.args.get(key) and now not in ("", "auto", asked):
            context.library.change_setting(context.plugin_id, key, asked)
            context.log.info(f"the setting {key} is {asked} now (it was {now})")


def _switch(context: Context, engine: FaceEngine, run: ActiveRun) -> None:
    """Embeds what the new engine has not seen, compares both engines on the library, then moves the pin."""
    from compreface_plugin.pipeline.engine_report import compare_engines
    from compreface_plugin.pipeline.engine_words import lines

    store, info = context.store, engine.info
    with store.transaction():
        store.runs.pin_engine(run.run_id, info.engine, info.model_id)
    before = store.labels.count()
    run.set_total(sum(crops - seen for crops, seen in store.labels.kept(info.model_id).values()))
    kept: tuple[tuple[str, Crops, Save], ...] = (
        ("examples", partial(_example_crops, context, info.model_id), store.people.add_embedding),
        ("faces", partial(store.faces.crops_without, info.model_id), store.faces.add_embedding),
        ("decided faces", partial(store.decisions.crops_without, info.model_id), store.decisions.add_embedding),
    )
    last = {what: _embed(context, engine, run, crops, save, what) for what, crops, save in kept}
    old = pinned_info(context) if read_pin(context) is not None else None
    report = compare_engines(context, old, info, run.run_id, before)
    for what, crops, save in kept:  # what operations enrolled and people decided meanwhile, by the old engine
        _embed(context, engine, run, crops, save, what, last[what])
    with store.transaction():
        store.meta.set(KEY, report)
        write_pin(context, info)
    for line in lines(report):
        context.log.info(line)
    context.log.info(f"{info.pack} ({info.model_id}) is in use now")


def _example_crops(context: Context, model_id: str, after: int, limit: int) -> list[tuple[int, bytes]]:
    return [(each.example_id, each.crop) for each in context.store.people.crops_without(model_id, after, limit)]


def _embed(
    context: Context,
    engine: FaceEngine,
    run: ActiveRun,
    crops: Crops,
    save: Save,
    what: str,
    after: int = 0,
) -> int:
    """Embeds every crop behind the id `after` that the model has not seen; those in which it finds no face stay
    without. Returns the last id."""
    while batch := crops(after, BATCH):
        looked = look_at(
            batch,
            lambda item: context.decode(item[1], f"crop {item[0]}"),
            engine,
            DetectionLimits(min_face_px=SMALLEST_FACE_PX),
            context.cancel,
            lambda _: CROP_MEGAPIXELS,
        )
        found = [(key[0], face.embedding) for key, outcome in looked if (face := middle_face(outcome)) is not None]
        after = batch[-1][0]
        run.commit(
            partial(_save_all, save, engine.info.model_id, found),
            cursor=after,
            counts={"seen": len(batch), "faces": len(found)},
            items=len(batch),
        )
        run.tell(what)
        run.between(computed=False)
    return after


def _save_all(save: Callable[[int, str, Float32], None], model_id: str, found: Sequence[Embedded]) -> None:
    for key, embedding in found:
        save(key, model_id, embedding)
