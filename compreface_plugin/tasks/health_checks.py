"""The checks of `health`, one function each. A dependency that is down may raise: the message is the check's result."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ItemError
from compreface_plugin.domain.sentences import sentence
from compreface_plugin.pipeline.pinning import COMPREFACE, read_pin
from compreface_plugin.tasks.health_compreface import compreface
from compreface_plugin.tasks.health_result import FAULT, OK, WARNING, Check, Detail
from compreface_plugin.values import bool_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

LITTLE_SPACE = 500 << 20  # bytes: a scan of some 10,000 images keeps about this much


def _stash(context: Context) -> Check:
    jobs = len(context.library.waiting_jobs())
    where = (Detail("address", OK, context.setup.stash_address),)
    return Check("stash", OK, sentence("stash.answers", version=context.stash_version, jobs=jobs), "", where)


def _store(context: Context) -> Check:
    people, faces = context.store.people.counts(), context.store.faces.counts()
    free = shutil.disk_usage(context.data_dir).free
    details = (
        Detail("folder", OK, str(context.data_dir)),
        Detail("database", OK, _megabytes(_size_of(context.store.path.parent, context.store.path.name + "*"))),
        Detail("models", OK, _megabytes(_size_of(context.data_dir / "models", "**/*"))),
        Detail("free", OK if free > LITTLE_SPACE else WARNING, _megabytes(free)),
    )
    told = sentence(
        "store.holds", examples=people["examples"], performers=people["performers"], faces=faces["faces"]
    )
    if free > LITTLE_SPACE:
        return Check("store", OK, told, "", details)
    return Check("store", WARNING, told, sentence("store.full"), details)


def _size_of(folder: Path, pattern: str) -> int:
    return sum(file.stat().st_size for file in folder.glob(pattern) if file.is_file())


def _megabytes(size: int) -> str:
    return sentence("store.size", megabytes=round(size / 1e6, 1))


def _models(context: Context) -> Check:
    packs = context.installed_packs()
    if not packs:
        return Check("models", FAULT, sentence("models.none"), sentence("models.install"))
    step = "" if packs[0] != "dlib" else sentence("models.light")
    return Check("models", OK, sentence("models.found", packs=", ".join(packs)), step)


def _engine(context: Context) -> Check:
    pin = read_pin(context)
    if bool_arg(context.args, "deep"):
        return _self_test(context)
    if pin is None:
        return Check("engine", WARNING, sentence("engine.unchosen"), sentence("people.learn"), tried=False)
    best = context.installed_packs()
    chosen = context.settings.model_pack == pin.pack  # by a person, who then wants no other
    better = best and best[0] != pin.pack and pin.pack in best and not chosen
    step = sentence("engine.better", pack=best[0]) if better else ""
    told = sentence("engine.pinned", engine=pin.engine, pack=pin.pack, model=pin.model_id)
    return Check("engine", OK, told, step, tried=False)


def _self_test(context: Context) -> Check:
    import numpy as np

    from compreface_plugin.domain.faces import DetectionLimits, Picture

    grey = Picture(np.full((160, 160, 3), 127, np.uint8), 160, 160, "self-test")
    limits = DetectionLimits(min_face_px=64.0)
    begun = context.clock.monotonic()
    outcome = context.engine.look([grey], limits)[0]
    loaded = context.clock.monotonic()
    context.engine.look([grey], limits)
    again = context.clock.monotonic()
    info = context.engine.info
    if isinstance(outcome, ItemError):
        said = sentence("engine.failed", model=info.model_id, device=info.device, reason=outcome.sentence)
        return Check("engine", FAULT, said)
    told = sentence("engine.passed", model=info.model_id, device=info.device)
    details = [
        Detail("first look", OK, sentence("engine.first", seconds=round(loaded - begun, 2))),
        Detail("second look", OK, sentence("engine.again", milliseconds=round((again - loaded) * 1000))),
    ]
    step = ""
    if info.engine != COMPREFACE:
        needs = next((pack.needs for pack in context.setup.packs() if pack.name == info.pack), "")
        offered = context.setup.devices(needs)
        details.append(Detail("devices", OK, ", ".join(offered)))
        step = _faster(context, info.device, needs, offered)
    return Check("engine", OK, told, step, tuple(details))


def _faster(context: Context, device: str, needs: str, offered: tuple[str, ...]) -> str:
    """What would let a graphics card work that is there and idle; "" when none is, or it works."""
    if device != "cpu" or needs != "onnxruntime" or not context.setup.sees_nvidia():
        return ""
    return sentence("engine.card" if "cuda" in offered else "engine.gpu")


def _people(context: Context) -> Check:
    counts = context.store.people.counts()
    if not counts["performers"]:
        return Check("people", WARNING, sentence("people.none"), sentence("people.learn"), tried=False)
    outcomes = Counter(enrolment.outcome for enrolment in context.store.people.enrolments().values())
    told = sentence("people.enrolled", performers=counts["performers"])
    pictures = [Detail(what, OK, str(count)) for what, count in sorted(outcomes.items())]
    return Check("people", OK, told, "", tuple(pictures))


CHECKS: dict[str, Callable[[Context], Check]] = {
    "stash": _stash,
    "store": _store,
    "models": _models,
    "engine": _engine,
    "compreface": compreface,
    "people": _people,
}
