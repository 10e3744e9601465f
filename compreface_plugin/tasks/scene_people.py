"""identifyScene and sceneFaces: who is in one scene, and when."""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.records import Kind, Verdict
from compreface_plugin.pipeline.judge import judge_of_one
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.scene_findings import SceneFinder
from compreface_plugin.pipeline.scene_work import SceneWork
from compreface_plugin.pipeline.tags import open_tags
from compreface_plugin.tasks.face_view import Names, face_view
from compreface_plugin.values import bool_arg, int_arg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.scenes import SceneRecord
    from compreface_plugin.store.scenes import KnownPerson


def identify_scene(context: Context) -> dict[str, Any]:
    """The people of `sceneId` with ranked candidates and times; `useSprites`, topK, minSimilarity as for images.

    `associateExisting`: accepted performers are put on the scene, undoable. Raises the ItemError of a scene that cannot
    be looked at.
    """
    scene = _scene(context)
    write = bool_arg(context.args, "associateExisting")
    if not write:
        _look(context, scene)
        return {**_people(context, scene.id, scene.performer_ids), "written": False}
    result = execute(context, "identifyScene", partial(_associate, context, scene))
    return {**_people(context, scene.id, scene.performer_ids), "written": True, "runId": result["runId"]}


def scene_faces(context: Context) -> dict[str, Any]:
    """The people of `sceneId` as last seen, for a timeline: times of appearance, sightings, best frame, similarity,
    those of one performer together. `crops` adds pictures as data URIs. No model is loaded."""
    scene_id = int_arg(context.args, "sceneId", 0, minimum=1)
    return _people(context, scene_id, ())


def _scene(context: Context) -> SceneRecord:
    scene_id = int_arg(context.args, "sceneId", 0, minimum=1)
    found = context.library.scenes.some([scene_id])
    if not found:
        raise SettingsError(f"The argument sceneId is {scene_id}, and Stash has no such scene.")
    return found[0]


def _finder(context: Context, run_id: str) -> SceneFinder:
    return SceneFinder(context, judge_of_one(context, run_id), sprites=bool_arg(context.args, "useSprites"))


def _look(context: Context, scene: SceneRecord) -> None:
    """Keeps who was seen, so that people have ids; writes nothing to Stash."""
    finder = _finder(context, "")
    finding = finder.find(scene, context.log.progress)
    if finding.error is not None:
        raise finding.error
    with context.store.transaction():
        ids = finder.keep(finding, "", context.clock.now())
        context.store.faces.save_verdicts(zip(ids, finding.verdicts, strict=True))


def _associate(context: Context, scene: SceneRecord, run: ActiveRun) -> None:
    info = context.engine.info
    with context.store.transaction():
        context.store.runs.pin_engine(run.run_id, info.engine, info.model_id)
    finder = _finder(context, run.run_id)
    finding = finder.find(scene, context.log.progress)
    if finding.error is not None:
        raise finding.error
    names = context.library.performer_names(finding.named)
    states = context.store.items.states(Kind.SCENE, [scene.id])
    SceneWork(context, run, finder, open_tags(context, run.run_id), names).settle(finding, states.get(scene.id))


def _people(context: Context, scene_id: int, on_scene: Sequence[str]) -> dict[str, Any]:
    pinned = context.store.meta.get("engine") or {}
    model_id = str(pinned.get("modelId", ""))
    state = context.store.items.states(Kind.SCENE, [scene_id]).get(scene_id)
    known = context.store.scenes.of_scene(scene_id, model_id)
    names = Names(context)
    crops: dict[int, bytes] = {}
    if bool_arg(context.args, "crops"):
        crops = context.store.faces.crops([person.face.face_id for person in known])
    views = [_view(each, names, on_scene, crops.get(each.face.face_id)) for each in known]
    return {
        "sceneId": str(scene_id),
        "scannedAt": state.scanned_at if state else None,
        "matched": bool(state and state.matched),
        "error": state.error if state else "",
        "model": model_id,
        "people": views,
        "performers": _performers(known, names),
    }


def _view(person: KnownPerson, names: Names, on_scene: Sequence[str], crop: bytes | None) -> dict[str, Any]:
    """One person as seen; `box` belongs to the frame at `bestFrame`."""
    view = face_view(person.face.face_id, person.face, person.face.verdict, names, on_item=on_scene)
    if crop is not None:
        view["crop"] = "data:image/jpeg;base64," + b64encode(crop).decode()
    return {
        **view,
        "bestFrame": round(person.at_s, 3),
        "sightings": person.sightings,
        "previewOnly": person.tiles,
        "appearances": [list(span) for span in person.appearances],
    }


def _performers(known: Sequence[KnownPerson], names: Names) -> list[dict[str, Any]]:
    """Accepted performers, each once: one person may have been seen as two."""
    together: dict[str, list[KnownPerson]] = {}
    for person in known:
        verdict = person.face.verdict
        if verdict is not None and verdict.verdict is Verdict.ACCEPT and verdict.best is not None:
            together.setdefault(verdict.best.performer_id, []).append(person)
    named = names.of(list(together))
    return [
        {
            "performerId": who,
            "name": named.get(who, ""),
            "similarity": round(max(_similarity(person) for person in seen), 4),
            "sightings": sum(person.sightings for person in seen),
            "bestFrame": round(max(seen, key=lambda person: person.face.quality.score).at_s, 3),
            "appearances": [list(span) for span in _united(span for person in seen for span in person.appearances)],
        }
        for who, seen in together.items()
    ]


def _similarity(person: KnownPerson) -> float:
    verdict = person.face.verdict
    return verdict.best.similarity if verdict is not None and verdict.best is not None else 0.0


def _united(spans: Any) -> list[tuple[float, float]]:
    united: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united
