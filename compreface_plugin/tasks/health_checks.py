"""The checks of `health`, one function each. A dependency that is down may raise: the message is the check's result."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ItemError
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
    return Check("stash", OK, f"Stash {context.stash_version} answers; {jobs} jobs are waiting", "", where)


def _store(context: Context) -> Check:
    people, faces = context.store.people.counts(), context.store.faces.counts()
    free = shutil.disk_usage(context.data_dir).free
    details = (
        Detail("folder", OK, str(context.data_dir)),
        Detail("database", OK, _megabytes(_size_of(context.store.path.parent, context.store.path.name + "*"))),
        Detail("models", OK, _megabytes(_size_of(context.data_dir / "models", "**/*"))),
        Detail("free", OK if free > LITTLE_SPACE else WARNING, _megabytes(free)),
    )
    told = f"{people['examples']} examples of {people['performers']} performers, {faces['faces']} faces"
    if free > LITTLE_SPACE:
        return Check("store", OK, told, "", details)
    return Check("store", WARNING, told, "the disk is nearly full: make room, or set another data folder", details)


def _size_of(folder: Path, pattern: str) -> int:
    return sum(file.stat().st_size for file in folder.glob(pattern) if file.is_file())


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _models(context: Context) -> Check:
    packs = context.installed_packs()
    if not packs:
        return Check("models", FAULT, "no model pack is installed", "install one below, or run install.sh")
    step = "" if packs[0] != "dlib" else "for better recognition of strangers install the pack light"
    return Check("models", OK, "installed, best first: " + ", ".join(packs), step)


def _engine(context: Context) -> Check:
    pin = read_pin(context)
    if bool_arg(context.args, "deep"):
        return _self_test(context)
    if pin is None:
        return Check("engine", WARNING, "not chosen yet", "run the task Synchronize Performers", tried=False)
    best = context.installed_packs()
    better = best and best[0] != pin.pack and pin.pack in best
    step = f"the pack {best[0]} is installed too: the task Switch Engine moves to it" if better else ""
    return Check("engine", OK, f"{pin.engine}, pack {pin.pack}, model {pin.model_id}", step, tried=False)


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
        return Check("engine", FAULT, f"the self-test of {info.model_id} on {info.device} failed: {outcome}")
    told = f"self-test passed: {info.model_id} on {info.device}"
    details = [
        Detail("first look", OK, f"{loaded - begun:.2f} s, loading included"),
        Detail("second look", OK, f"{(again - loaded) * 1000:.0f} ms"),
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
    if "cuda" in offered:
        return "an NVIDIA card is there and not used: clear the setting device, or set it to cuda:0"
    return "an NVIDIA card is there and not used: run install.sh --gpu in the plugin's folder"


def _people(context: Context) -> Check:
    counts = context.store.people.counts()
    if not counts["performers"]:
        return Check("people", WARNING, "nobody is enrolled", "run the task Synchronize Performers", tried=False)
    outcomes = Counter(enrolment.outcome for enrolment in context.store.people.enrolments().values())
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    return Check("people", OK, f"{counts['performers']} performers are enrolled; pictures: {told}")


CHECKS: dict[str, Callable[[Context], Check]] = {
    "stash": _stash,
    "store": _store,
    "models": _models,
    "engine": _engine,
    "compreface": compreface,
    "people": _people,
}
