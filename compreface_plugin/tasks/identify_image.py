"""identifyImage: one image, at once. Says who is on it; writes to Stash only when asked to (`associateExisting`,
`createPerformer`)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.records import Kind
from compreface_plugin.pipeline.findings import Finding, ImageFinder
from compreface_plugin.pipeline.judge import judge_of_one
from compreface_plugin.pipeline.opening import open_run
from compreface_plugin.pipeline.people import make_some
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.settling import Settler
from compreface_plugin.tasks.chosen_face import only_chosen
from compreface_plugin.tasks.face_view import Names, add_crops, face_view
from compreface_plugin.values import bool_arg, float_arg, int_arg, is_missing

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.records import ImageRecord

ASSOCIATE, CREATE = "associateExisting", "createPerformer"


def identify_image(context: Context) -> dict[str, Any]:
    """The faces of `imageId` with ranked candidates. Arguments: topK, minSimilarity, minFaceConfidence, faceId or
    faceIndex (one face only), associateExisting (put accepted performers on the image, undoable), createPerformer (make
    a performer of each unknown face that is good enough, and put it on the image, undoable), crops (as data URIs, so
    that a page that shows the faces asks once)."""
    image = _image(context)
    if not any(bool_arg(context.args, each) for each in (ASSOCIATE, CREATE)):
        return {**_show(context, image), "written": False}
    shown: dict[str, Any] = {}
    result = execute(context, "identifyImage", partial(_write, context, image, shown))
    return {**shown, "written": True, "runId": result["runId"], "created": result["created"]}


def _image(context: Context) -> ImageRecord:
    image_id = int_arg(context.args, "imageId", 0, minimum=1)
    images = context.library.images([image_id]).records
    if not images:
        raise SettingsError(f"The argument imageId is {image_id}, and Stash has no such image.")
    return images[0]


def _finder(context: Context, run_id: str) -> ImageFinder:
    return ImageFinder(context, judge_of_one(context, run_id))


def _find(finder: ImageFinder, image: ImageRecord) -> Finding:
    """Looks, or remembers. Raises the ItemError of an image that cannot be looked at."""
    finding = finder.find([image], finder.known([image]))[0]
    if finding.error is not None:
        raise finding.error
    return finding


def _show(context: Context, image: ImageRecord) -> dict[str, Any]:
    """Keeps what was seen and thought of faces that nobody judged before; writes nothing to Stash."""
    finder = _finder(context, "")
    finding = _find(finder, image)
    judged = {face.face_id for face in finding.known if face.verdict is not None}
    with context.store.transaction():
        ids = finder.keep(finding, "", context.clock.now())
        fresh = [pair for pair in zip(ids, finding.verdicts, strict=True) if pair[0] not in judged]
        if is_missing(context.args.get("minSimilarity")):  # a trial with another threshold is not kept
            context.store.faces.save_verdicts(fresh)
    return _view(context, image, finding, ids)


def _write(context: Context, image: ImageRecord, shown: dict[str, Any], run: ActiveRun) -> None:
    opened = open_run(context, run)
    finder = _finder(context, run.run_id)
    finding = _find(finder, image)
    with context.store.transaction():
        ids = finder.keep(finding, run.run_id, context.clock.now())
    chosen = only_chosen(context.args, finding, ids)
    states = context.store.items.states(Kind.IMAGE, [image.id])
    look_only = not bool_arg(context.args, ASSOCIATE)
    Settler(context, run, opened, finder.keep, look_only=look_only).settle([finding], states, image.id)
    if bool_arg(context.args, CREATE):  # a person asked for it: one face is enough
        make_some(context, run, opened.tags, chosen, least=1)
        stored = context.store.faces.of_items(Kind.IMAGE, [image.id], context.engine.info.model_id)[image.id]
        said = {face.face_id: face.verdict for face in stored}
        finding.verdicts = [said[each] or old for each, old in zip(ids, finding.verdicts, strict=True)]
    shown.update(_view(context, _image(context), finding, ids))


def _view(context: Context, image: ImageRecord, finding: Finding, ids: list[int]) -> dict[str, Any]:
    least = float_arg(context.args, "minFaceConfidence", 0.0)
    names = Names(context)
    faces = [
        face_view(face_id, face, verdict, names, on_item=image.performer_ids)
        for face_id, face, verdict in zip(ids, finding.faces, finding.verdicts, strict=True)
        if face.det_score >= least
    ]
    if bool_arg(context.args, "crops"):
        add_crops(context, faces)
    info = context.engine.info
    return {
        "imageId": str(image.id),
        "faces": faces,
        "engine": info.engine,
        "model": info.model_id,
        "remembered": finding.seen is None,
    }
