"""createPerformerFromImage: one face of an image becomes a performer, with the crop as picture, and is put on it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.records import Kind
from compreface_plugin.domain.subjects import build_subject_name
from compreface_plugin.pipeline.naming import Whom, name_faces, pinned, whom
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.values import int_arg, is_missing, str_arg

if TYPE_CHECKING:
    from compreface_plugin.domain.records import StoredFace
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.records import ImageRecord


def create_performer(context: Context) -> dict[str, Any]:
    """Arguments: imageId, faceId or faceIndex (left out: the only face), name (left out: Person {imageId} {random})."""
    image_id = int_arg(context.args, "imageId", 0, minimum=1)
    images = context.library.images([image_id]).records
    if not images:
        raise SettingsError(f"The argument imageId is {image_id}, and Stash has no such image.")
    who = whom(context, "", str_arg(context.args, "name", longest=255) or build_subject_name(image_id))
    face = _chosen(context, _faces(context, images[0]))
    made: dict[str, str] = {}
    result = execute(context, "createPerformerFromImage", partial(_create, context, face, who, made))
    return {
        "imageId": str(image_id),
        "faceId": face.face_id,
        "performerId": made["id"],
        "name": who.name,
        "runId": result["runId"],
    }


def _create(context: Context, face: StoredFace, who: Whom, made: dict[str, str], run: ActiveRun) -> None:
    pin = pinned(context)
    with context.store.transaction():
        context.store.runs.pin_engine(run.run_id, pin.engine, pin.model_id)
    made["id"] = name_faces(context, run, pin, [face], who)


def _faces(context: Context, image: ImageRecord) -> list[StoredFace]:
    """The faces of the image in the order of identifyImage; looked for first when the store has none of these bytes.

    Raises the ItemError of an image that cannot be looked at.
    """
    from compreface_plugin.pipeline.findings import ImageFinder
    from compreface_plugin.pipeline.judge import Judge, current_cohort

    info = context.engine.info
    judge = Judge(context, info, "", set(context.library.performer_names()), current_cohort(context, info))
    finder = ImageFinder(context, judge)
    finding = finder.find([image], finder.known([image]))[0]
    if finding.error is not None:
        raise finding.error
    with context.store.transaction():
        ids = finder.keep(finding, "", context.clock.now())
    stored = context.store.faces.of_items(Kind.IMAGE, [image.id], info.model_id)[image.id]
    by_id = {face.face_id: face for face in stored}
    return [by_id[face_id] for face_id in ids]


def _chosen(context: Context, faces: list[StoredFace]) -> StoredFace:
    args, allowed = context.args, ", ".join(str(face.face_id) for face in faces)
    if not faces:
        raise SettingsError("No face was found on this image, so nobody can be made of it.")
    if not is_missing(args.get("faceId")):
        face_id = int_arg(args, "faceId", 0)
        found = next((face for face in faces if face.face_id == face_id), None)
        if found is None:
            raise SettingsError(f"The argument faceId is {face_id}; allowed for this image is {allowed}.")
        return found
    if not is_missing(args.get("faceIndex")):
        return faces[int_arg(args, "faceIndex", 0, minimum=0, maximum=len(faces) - 1)]
    if len(faces) > 1:
        raise SettingsError(f"There are {len(faces)} faces on this image: say which by faceId, one of {allowed}.")
    return faces[0]
