"""exportSubjects and importSubjects: everybody who is enrolled, with their crops, as one zip file.

Embeddings stay behind: they belong to one model, crops to all. An import embeds the crops with the engine in use.
"""

from __future__ import annotations

import json
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import RunError, SettingsError
from compreface_plugin.domain.faces import DetectionLimits
from compreface_plugin.pipeline.crops import SMALLEST_FACE_PX, middle_face
from compreface_plugin.pipeline.look import look_at
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.store.examples import IMPORTED, OWN_PICTURE
from compreface_plugin.values import str_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

LIST = "subjects.json"
FORMAT = 1
LARGEST_CROP = 5_000_000  # bytes; ours are some tens of thousands
CROP_MEGAPIXELS = 0.06


def export_subjects(context: Context) -> dict[str, Any]:
    """Writes `path` (default: subjects.zip in the data folder), whole or not at all, readable by its owner alone."""
    path = _path(context)
    draft = path.with_name(path.name + ".part")
    subjects, count = [], 0
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED) as archive:
            for subject in context.store.people.subjects():
                crops = []
                for example_id, origin, quality, crop in context.store.people.examples_of(subject.subject_id):
                    name = f"crops/{example_id}.jpg"
                    archive.writestr(name, crop)
                    crops.append({"file": name, "origin": origin, "quality": quality})
                    count += 1
                subjects.append({"name": subject.name, "performerId": subject.performer_id, "examples": crops})
            archive.writestr(LIST, json.dumps({"format": FORMAT, "subjects": subjects}))
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise RunError(f"the export {path} could not be written ({error.strerror or error})") from error
    context.log.info(f"{len(subjects)} subjects with {count} examples were written to {path}")
    return {"path": str(path), "subjects": len(subjects), "examples": count}


def import_subjects(context: Context) -> dict[str, Any]:
    """Reads `path`; subjects and crops that are known already are passed over. Undoable like a synchronisation."""
    return execute(context, "importSubjects", partial(_import, context))


def _path(context: Context) -> Path:
    given = str_arg(context.args, "path", "subjects.zip")
    return context.data_dir / Path(given).expanduser()


def _import(context: Context, run: ActiveRun) -> None:
    info = context.engine.info
    with context.store.transaction():
        context.store.runs.pin_engine(run.run_id, info.engine, info.model_id)
    existing = context.library.performer_names()
    try:
        with zipfile.ZipFile(_path(context)) as archive:
            listed = _listed(archive)
            run.set_total(len(listed))
            for number, subject in enumerate(listed, start=1):
                if number > run.cursor:
                    _one(context, run, archive, subject, set(existing), number)
                    context.cancel.raise_if_cancelled()
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise RunError(f"the file {_path(context)} could not be read as an export of this plugin ({error})") from error
    run.tell("subjects")


def _listed(archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    try:
        document = json.loads(archive.read(LIST))
        if document["format"] != FORMAT:
            raise SettingsError(f"the export has format {document['format']}; this version reads {FORMAT}")
        return [dict(each) for each in document["subjects"]]
    except (ValueError, TypeError) as error:
        raise RunError(f"{LIST} of the export is damaged ({error})") from error


def _one(
    context: Context,
    run: ActiveRun,
    archive: zipfile.ZipFile,
    subject: dict[str, Any],
    existing: set[str],
    number: int,
) -> None:
    people, info = context.store.people, context.engine.info
    known = people.subject_named(str(subject["name"]))
    held = {crop for *_, crop in people.examples_of(known.subject_id)} if known else set()
    crops = [(each, archive.read(_safe(archive, each["file"]))) for each in subject["examples"]]
    fresh = [(each, crop) for each, crop in crops if crop not in held]
    looked = look_at(
        fresh,
        lambda item: context.decode(item[1], str(item[0]["file"])),
        context.engine,
        DetectionLimits(min_face_px=SMALLEST_FACE_PX),
        context.cancel,
        lambda _: CROP_MEGAPIXELS,
    )
    found = [(each, crop, face) for (each, crop), outcome in looked if (face := middle_face(outcome)) is not None]

    def write() -> None:
        mine = known
        if mine is None:
            performer = str(subject["performerId"]) if str(subject["performerId"]) in existing else None
            mine = people.add_subject(str(subject["name"]), performer, run.run_id, context.clock.now())
        for each, crop, face in found:
            own = mine.performer_id if each["origin"] == OWN_PICTURE else None
            people.add_example(
                mine.subject_id,
                origin=IMPORTED if own is None else OWN_PICTURE,  # a face's number means another face here
                origin_id=own or "",
                picture_sha="",
                quality=float(each["quality"]),
                crop=crop,
                model_id=info.model_id,
                embedding=face.embedding,
                run_id=run.run_id,
                now=context.clock.now(),
            )

    run.commit(
        write,
        cursor=number,
        counts={"seen": 1, "faces": len(found), "created": len(found), "failed": len(fresh) - len(found)},
        items=1,
    )


def _safe(archive: zipfile.ZipFile, name: object) -> zipfile.ZipInfo:
    """A member of the archive, never a path of the disk, and not larger than a crop can be."""
    info = archive.getinfo(str(name))
    if info.file_size > LARGEST_CROP:
        raise RunError(f"{name} in the export has {info.file_size} bytes, which no crop of a face has")
    return info
