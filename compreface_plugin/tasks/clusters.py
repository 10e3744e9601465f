"""clusters: the groups of unknown faces, for a person to name, put together, divide, or set aside."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.memory import Said
from compreface_plugin.pipeline.clusters import refresh
from compreface_plugin.pipeline.naming import Whom, decide, name_faces, pinned, stored_faces, whom
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.tasks.data_uri import data_uri
from compreface_plugin.tasks.face_view import Names, face_view
from compreface_plugin.values import bool_arg, ids_arg, int_arg, is_missing, read_choice, str_arg

if TYPE_CHECKING:
    from compreface_plugin.domain.records import StoredFace
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.pinning import Pin

ACTIONS = ("list", "faces", "name", "merge", "split", "ignore")
NEAREST = 3  # performers shown with a group
MOST_SAMPLES = 12  # faces shown with a group


def clusters(context: Context) -> dict[str, Any]:
    """`action`: list (default), faces, name, merge, split or ignore; see the functions of these names."""
    action = read_choice("The argument action", context.args.get("action") or "list", ACTIONS)
    pin = pinned(context)
    actions = {"list": _list, "faces": _faces, "name": _name, "merge": _merge, "split": _split, "ignore": _ignore}
    return actions[action](context, pin)


def _list(context: Context, pin: Pin) -> dict[str, Any]:
    """A page of groups, largest first: `limit`, `offset`, `minFaces` (2; 1 = also faces alone), `samples` (so many of
    their faces with crops, best first), `refresh`, `galleryId` (only groups with a face on an image of that gallery).

    `upToDate` false: there are too many faces to group them while somebody waits; ask again with `refresh`.
    """
    fresh = refresh(context, pin, force=bool_arg(context.args, "refresh"))
    limit = int_arg(context.args, "limit", 20, minimum=1, maximum=200)
    offset = int_arg(context.args, "offset", 0)
    least = int_arg(context.args, "minFaces", 2, minimum=1)
    samples = int_arg(context.args, "samples", 0, maximum=MOST_SAMPLES)
    names = Names(context)
    gallery_id = int_arg(context.args, "galleryId", 0)
    inside = frozenset(context.library.gallery_image_ids(gallery_id)) if gallery_id else None
    total, page = context.store.unknown.clusters(least, limit, offset, inside)
    members = {key: stored_faces(context, pin, context.store.unknown.members(key)) for key in page}
    names.of([each.performer_id for faces in members.values() for each in _nearest(faces)])
    return {
        "clusters": [_view(context, key, faces, names, samples) for key, faces in members.items()],
        "total": total,
        "upToDate": fresh,
        "minFacesPerPerson": context.settings.min_faces_per_person,
    }


def _faces(context: Context, pin: Pin) -> dict[str, Any]:
    """The faces of the group `cluster`, best first: `limit`, `offset`."""
    key, member_ids = _cluster(context, int_arg(context.args, "cluster", 0, minimum=1))
    limit = int_arg(context.args, "limit", 50, minimum=1, maximum=500)
    offset = int_arg(context.args, "offset", 0)
    faces = sorted(stored_faces(context, pin, member_ids), key=_best_first)
    page = faces[offset : offset + limit]
    crops, names = context.store.faces.crops([face.face_id for face in page]), Names(context)
    views = [
        {
            **face_view(face.face_id, face, face.verdict, names),
            "item": {"kind": face.kind.value, "id": str(face.item_id)},
            "crop": data_uri(crops.get(face.face_id)),
        }
        for face in page
    ]
    return {"cluster": key, "faces": views, "total": len(faces)}


def _name(context: Context, pin: Pin) -> dict[str, Any]:
    """Gives the group `cluster` (or only `faceIds`) the name of `performerId`, or a new `name`; on all its items."""
    faces = stored_faces(context, pin, _chosen(context))
    who = whom(context, str_arg(context.args, "performerId"), str_arg(context.args, "name", longest=255))
    made: dict[str, str] = {}
    result = execute(context, "clusters", partial(_name_all, context, pin, faces, who, made))
    items = {(face.kind, face.item_id) for face in faces}
    shown = {"performerId": made["id"], "name": who.name, "created": who.performer_id is None}
    return {**shown, "runId": result["runId"], "faces": len(faces), "items": len(items)}


def _name_all(
    context: Context, pin: Pin, faces: Sequence[StoredFace], who: Whom, made: dict[str, str], run: ActiveRun
) -> None:
    made["id"] = name_faces(context, run, pin, faces, who)


def _ignore(context: Context, pin: Pin) -> dict[str, Any]:
    """Sets the group `cluster` (or only `faceIds`) aside: never proposed, named or grouped again. Undoable."""
    faces = stored_faces(context, pin, _chosen(context))
    result = execute(context, "clusters", partial(_ignore_all, context, pin, faces))
    return {"runId": result["runId"], "faces": len(faces)}


def _ignore_all(context: Context, pin: Pin, faces: Sequence[StoredFace], run: ActiveRun) -> None:
    from compreface_plugin.pipeline.deciding import Word

    decide(context, run, pin, [Word(face, Said.IGNORE, None) for face in faces])


def _merge(context: Context, _pin: Pin) -> dict[str, Any]:
    """The groups `clusters` are one person, for good."""
    keys = ids_arg(context.args, "clusters")
    if len(keys) < 2:
        raise SettingsError("The argument clusters names fewer than two groups; allowed are the ids of two or more.")
    members = sorted(face for key in keys for face in _cluster(context, key)[1])
    with context.store.transaction():
        context.store.unknown.put_together(members)
        context.store.unknown.put_into(members, members[0])
    return {"cluster": members[0], "faces": len(members)}


def _split(context: Context, _pin: Pin) -> dict[str, Any]:
    """`faceIds` of the group `cluster` are another person, for good. Returns both groups."""
    key, members = _cluster(context, int_arg(context.args, "cluster", 0, minimum=1))
    off = sorted(set(ids_arg(context.args, "faceIds")))
    rest = sorted(set(members) - set(off))
    if not off or not set(off) <= set(members) or not rest:
        raise SettingsError(
            f"The argument faceIds is {off}; allowed are some, but not all, of the faces of group {key}: "
            f"{', '.join(map(str, members))}."
        )
    with context.store.transaction():
        for group in (off, rest):
            context.store.unknown.put_together(group)
            context.store.unknown.put_into(group, group[0])
    return {"clusters": [{"cluster": group[0], "faces": len(group)} for group in (rest, off)]}


# reading arguments ----------------------------------------------------------------------------------------------------


def _chosen(context: Context) -> tuple[int, ...]:
    """The faces meant: `faceIds`, else all of the group `cluster`. Raises SettingsError."""
    if not is_missing(context.args.get("faceIds")):
        return tuple(ids_arg(context.args, "faceIds"))
    return _cluster(context, int_arg(context.args, "cluster", 0, minimum=1))[1]


def _cluster(context: Context, key: int) -> tuple[int, tuple[int, ...]]:
    members = context.store.unknown.members(key)
    if not members:
        raise SettingsError(f"There is no group {key} of unknown faces any more: ask for the list again.")
    return key, members


# what is shown --------------------------------------------------------------------------------------------------------


class _Near:
    """How alike the faces of a group are to a performer, by the verdicts about them."""

    def __init__(self, performer_id: str, similarities: Sequence[float]) -> None:
        self.performer_id = performer_id
        self.best = max(similarities)
        self.mean = sum(similarities) / len(similarities)
        self.faces = len(similarities)


def _nearest(faces: Sequence[StoredFace]) -> list[_Near]:
    alike: dict[str, list[float]] = {}
    for face in faces:
        for candidate in face.verdict.candidates if face.verdict else ():
            alike.setdefault(candidate.performer_id, []).append(candidate.similarity)
    return sorted((_Near(*each) for each in alike.items()), key=lambda near: (-near.best, near.performer_id))[:NEAREST]


def _best_first(face: StoredFace) -> tuple[float, float, int]:
    return -face.quality.score, -face.quality.size_px, face.face_id


def _view(
    context: Context, key: int, faces: Sequence[StoredFace], names: Names, samples: int
) -> dict[str, Any]:
    shown = sorted(faces, key=_best_first)[: max(1, samples)]
    crops = context.store.faces.crops([face.face_id for face in shown])
    nearest = _nearest(faces)
    known = names.of([near.performer_id for near in nearest])
    return {
        "id": key,
        "faces": len(faces),
        "items": [
            {"kind": kind.value, "id": str(item_id)}
            for kind, item_id in dict.fromkeys((face.kind, face.item_id) for face in faces)
        ],
        "bestFaceId": shown[0].face_id,
        "crop": data_uri(crops.get(shown[0].face_id)),
        "samples": [{"id": f.face_id, "crop": data_uri(crops.get(f.face_id))} for f in shown[:samples]],
        "nearest": [
            {
                "performerId": near.performer_id,
                "name": known.get(near.performer_id, ""),
                "inLibrary": near.performer_id in known,
                "similarity": round(near.best, 4),
                "meanSimilarity": round(near.mean, 4),
                "faces": near.faces,
            }
            for near in nearest
        ],
    }

