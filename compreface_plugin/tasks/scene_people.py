"""identifyScene and sceneFaces: who is in one scene, and when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.markers import united
from compreface_plugin.domain.records import Kind, Verdict
from compreface_plugin.pipeline.judge import judge_of_one
from compreface_plugin.pipeline.opening import open_run
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.scene_findings import SceneFinder, SceneFinding
from compreface_plugin.pipeline.settling import Settler
from compreface_plugin.tasks.chosen_face import only_chosen
from compreface_plugin.tasks.face_view import Names, add_crops, face_view, item_view
from compreface_plugin.values import bool_arg, float_arg, int_arg, is_missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compreface_plugin.domain.records import VerdictRecord
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.scenes import SceneRecord
    from compreface_plugin.store.scenes import KnownPerson, SeenPerson


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """One person of the scene with what is to be said of her."""

    face_id: int
    person: SeenPerson | KnownPerson
    verdict: VerdictRecord | None


def identify_scene(context: Context) -> dict[str, Any]:
    """Looks at `sceneId`, or remembers, and answers as `sceneFaces` does. Arguments: useSprites; topK, minSimilarity,
    minFaceConfidence, faceId and associateExisting as for images. Raises the ItemError of a scene that cannot be looked
    at."""
    scene = _scene(context)
    if not bool_arg(context.args, "associateExisting"):
        return {**_look(context, scene), "written": False}
    shown: dict[str, Any] = {}
    result = execute(context, "identifyScene", partial(_associate, context, scene, shown))
    return {**shown, "written": True, "runId": result["runId"]}


def scene_faces(context: Context) -> dict[str, Any]:
    """The people of `sceneId` as last seen, for a timeline: times of appearance, sightings, best frame, similarity,
    those of one performer together. `crops` adds pictures as data URIs. No model is loaded."""
    scene = _scene(context)
    pinned = context.store.meta.get("engine") or {}
    known = context.store.scenes.of_item(Kind.SCENE, scene.id, str(pinned.get("modelId", "")))
    return _answer(context, scene, [_Shown(each.face.face_id, each, each.face.verdict) for each in known])


def _scene(context: Context) -> SceneRecord:
    scene_id = int_arg(context.args, "sceneId", 0, minimum=1)
    found = context.library.scenes.some([scene_id])
    if not found:
        raise SettingsError(f"The argument sceneId is {scene_id}, and Stash has no such scene.")
    return found[0]


# looking --------------------------------------------------------------------------------------------------------------


def _find(context: Context, scene: SceneRecord, run_id: str) -> tuple[SceneFinder, SceneFinding]:
    finder = SceneFinder(context, judge_of_one(context, run_id), sprites=bool_arg(context.args, "useSprites"))
    finding = finder.find(scene, context.log.progress)
    if finding.error is not None:
        raise finding.error
    return finder, finding


def _look(context: Context, scene: SceneRecord) -> dict[str, Any]:
    """Keeps what was seen and thought of people that nobody judged before; writes nothing to Stash."""
    finder, finding = _find(context, scene, "")
    judged = {person.face.face_id for person in finding.known if person.face.verdict is not None}
    with context.store.transaction():
        ids = finder.keep(finding, "", context.clock.now())
        fresh = [pair for pair in zip(ids, finding.verdicts, strict=True) if pair[0] not in judged]
        if is_missing(context.args.get("minSimilarity")):  # a trial with another threshold is not kept
            context.store.faces.save_verdicts(fresh)
    return _found(context, scene, finding, ids)


def _associate(context: Context, scene: SceneRecord, shown: dict[str, Any], run: ActiveRun) -> None:
    opened = open_run(context, run)
    finder, finding = _find(context, scene, run.run_id)
    with context.store.transaction():
        ids = finder.keep(finding, run.run_id, context.clock.now())
    only_chosen(context.args, finding, ids)
    states = context.store.items.states(Kind.SCENE, [scene.id])
    Settler(context, run, opened, finder.keep).settle([finding], states, scene.id)
    shown.update(_found(context, scene, finding, ids))


def _found(context: Context, scene: SceneRecord, finding: SceneFinding, ids: Sequence[int]) -> dict[str, Any]:
    people = [_Shown(*each) for each in zip(ids, finding.people, finding.verdicts, strict=True)]
    return {**_answer(context, scene, people), "remembered": finding.seen is None}


# showing --------------------------------------------------------------------------------------------------------------


def _answer(context: Context, scene: SceneRecord, people: Sequence[_Shown]) -> dict[str, Any]:
    least = float_arg(context.args, "minFaceConfidence", 0.0)
    pinned = context.store.meta.get("engine") or {}
    held = next(iter(context.library.scenes.some([scene.id])), scene)  # as it is now, perhaps just written to
    shown = [each for each in people if each.person.face.det_score >= least]
    names = Names(context)
    views = [_view(each, names, held.performer_ids) for each in shown]
    if bool_arg(context.args, "crops"):
        add_crops(context, views)
    return {
        "item": item_view(context, Kind.SCENE, scene.id),
        "sceneId": str(scene.id),
        "duration": scene.duration_s,
        "engine": str(pinned.get("engine", "")),
        "model": str(pinned.get("modelId", "")),
        "people": views,
        "performers": _performers(shown, names, held.performer_ids),
    }


def _view(shown: _Shown, names: Names, on_scene: Sequence[str]) -> dict[str, Any]:
    """One person as seen; `box` belongs to the frame at `bestFrame`."""
    person = shown.person
    return {
        **face_view(shown.face_id, person.face, shown.verdict, names, on_item=on_scene),
        "bestFrame": round(person.at_s, 3),
        "sightings": person.sightings,
        "previewOnly": person.tiles,
        "appearances": [list(span) for span in person.appearances],
    }


def _performers(people: Sequence[_Shown], names: Names, on_scene: Sequence[str]) -> list[dict[str, Any]]:
    """Accepted performers, each once: one person may have been seen as two."""
    together: dict[str, list[_Shown]] = {}
    for each in people:
        verdict = each.verdict
        if verdict is not None and verdict.verdict is Verdict.ACCEPT and verdict.best is not None:
            together.setdefault(verdict.best.performer_id, []).append(each)
    named = names.of(list(together))
    return [
        {
            "performerId": who,
            "name": named.get(who, ""),
            "onItem": who in on_scene,
            "similarity": round(max(_similarity(each) for each in seen), 4),
            "sightings": sum(each.person.sightings for each in seen),
            "bestFrame": round(max(seen, key=lambda each: each.person.face.quality.score).person.at_s, 3),
            "appearances": [list(span) for span in united(s for each in seen for s in each.person.appearances)],
            "faceIds": [each.face_id for each in seen],
        }
        for who, seen in together.items()
    ]


def _similarity(shown: _Shown) -> float:
    return shown.verdict.best.similarity if shown.verdict is not None and shown.verdict.best is not None else 0.0
