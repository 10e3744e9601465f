"""Unknown faces of all runs to groups of one person each, beside the people that earlier runs made of such faces.

A person made by grouping takes part with the faces it was accepted for until a person gives it a name: new faces join
it, and two of them whom nobody touched may turn out to be one (merging.py), since a run that has seen a fifth of the
pictures cannot know it yet. How near five runs come to one is measured in docs/clustering.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.memory import Said
from compreface_plugin.domain.records import Verdict
from compreface_plugin.domain.subjects import is_subject_name
from compreface_plugin.domain.unknown import FaceGroup, Gates, Grouping, Merge, UnknownFace, faces_by_label, obey
from compreface_plugin.domain.worked import Step
from compreface_plugin.pipeline.merging import merges_of, obstacles

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import EngineInfo, Float32
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.pinning import Pin

ANCHOR_FACES = 50  # of one person: enough to stand for all, and bounded however large the library


def gates_of(context: Context) -> Gates:
    """What the settings ask of a face that makes a person."""
    return Gates(float(context.settings.min_face_size), context.settings.min_quality)


def unnamed_performers(names: Mapping[str, str]) -> set[str]:
    """Performers that still carry the name they were made with."""
    return {performer_id for performer_id, name in names.items() if is_subject_name(name)}


def group_unknown(
    context: Context, model: EngineInfo | Pin, gates: Gates, names: Mapping[str, str], *, unite: bool
) -> Grouping:
    """Every unknown face that passes the gates, of images and scenes together, in groups, by their smallest face id;
    and earlier people who are one.

    `names`: of all performers, by id. The order in which items were looked at does not matter. Stash is asked about
    people who might be united, with `unite`: whoever was touched is told apart, and the faces are grouped again.
    """
    store, unnamed = context.store, unnamed_performers(names)
    faces = [face for face in store.unknown.faces(model.model_id, unnamed) if gates.passes(face)]
    made = store.merges.untouched() if unite else {}
    free = {who for who, made_as in made.items() if names.get(who) == made_as}
    return _group(context, model, faces, _anchors(context, model, unnamed), unnamed, free)


def group_some(
    context: Context, model: EngineInfo | Pin, gates: Gates, names: Mapping[str, str], face_ids: Sequence[int]
) -> Grouping:
    """Those of these faces that are unknown and pass the gates, in groups. They meet only each other and the
    unnamed people that are nearest to one of them; nobody is united."""
    faces = [
        face
        for face in context.store.unknown.some(model.model_id, face_ids)
        if face.verdict is Verdict.UNKNOWN and gates.passes(face)
    ]
    unnamed = unnamed_performers(names)
    near = unnamed & {face.performer_id for face in faces if face.performer_id is not None}
    return _group(context, model, faces, _anchors(context, model, near) if near else [], unnamed, set())


def _group(
    context: Context,
    model: EngineInfo | Pin,
    faces: Sequence[UnknownFace],
    anchors: Sequence[_Anchor],
    unnamed: Collection[str],
    free: set[str],
) -> Grouping:
    if not faces and not anchors:
        return Grouping(())
    with context.steps.of(Step.GROUP, len(faces)):
        while True:
            labels, people = _cluster(model, faces, anchors, free)
            merges = merges_of(context, (performers for performers in people.values() if len(performers) > 1))
            touched = obstacles(context, merges) if merges else {}
            if not touched:
                break
            free -= set(touched)
        stays = {label: _who_stays(performers, merges) for label, performers in people.items()}
        return Grouping(tuple(_groups(context, faces, labels, stays, unnamed)), tuple(merges))


def _who_stays(performers: set[str], merges: Sequence[Merge]) -> str:
    """Who a person with these performers is from now on: the only one, or the one the others go into."""
    return next((merge.keep_id for merge in merges if merge.keep_id in performers), min(performers))


def _groups(
    context: Context,
    faces: Sequence[UnknownFace],
    labels: Sequence[int],
    stays: Mapping[int, str],
    unnamed: Collection[str],
) -> list[FaceGroup]:
    if not faces:
        return []
    import numpy as np

    joins = {face.face_id: stays[label] for face, label in zip(faces, labels, strict=True) if label in stays}
    hands = [face.hand for face in faces]
    if any(hand is not None for hand in hands):
        labels = obey(labels, hands, np.stack([face.embedding for face in faces]))
    owners = {hand: who for hand, who in context.store.unknown.hand_owners().items() if who in unnamed}
    groups = [FaceGroup(same, _join(same, joins, owners)) for same in faces_by_label(faces, labels)]
    return [kept for group in groups for kept in _without_rejected(context, group)]


@dataclass(frozen=True, slots=True, eq=False)
class _Anchor:
    """A face, or a portrait, of somebody made earlier."""

    performer_id: str
    item: str
    quality: float
    embedding: Float32


def _anchors(
    context: Context, model: EngineInfo | Pin, unnamed: set[str]
) -> list[_Anchor]:
    """What is known of unnamed people: their accepted faces, and pictures that came from elsewhere."""
    store = context.store
    accepted = store.unknown.accepted(model.model_id, unnamed, ANCHOR_FACES)
    found = [
        _Anchor(face.performer_id, f"{face.kind.value} {face.item_id}", face.quality, face.embedding)
        for face in accepted
        if face.performer_id is not None
    ]
    examples = store.people.gallery(model.model_id, 0, unnamed - {anchor.performer_id for anchor in found})
    rows = zip(examples.performer_ids, examples.example_ids, examples.embeddings, strict=True)
    return found + [_Anchor(performer, f"example {example}", 1.0, row) for performer, example, row in rows]


def _cluster(
    model: EngineInfo | Pin, faces: Sequence[UnknownFace], anchors: Sequence[_Anchor], free: Collection[str]
) -> tuple[list[int], dict[int, set[str]]]:
    """A label per face; and by label the performers it stands for, where there are any. `free`: may be united."""
    import numpy as np

    from compreface_plugin.domain.clustering import cluster_faces
    from compreface_plugin.domain.operating_points import operating_point

    people = {who: number for number, who in enumerate(dict.fromkeys(anchor.performer_id for anchor in anchors))}
    labels = cluster_faces(
        np.stack([face.embedding for face in faces] + [anchor.embedding for anchor in anchors]),
        point=operating_point(model.model_id, model.pack),
        item_keys=[f"{face.kind.value} {face.item_id}" for face in faces] + [anchor.item for anchor in anchors],
        qualities=[face.quality for face in faces] + [anchor.quality for anchor in anchors],
        anchors=[-1] * len(faces) + [people[anchor.performer_id] for anchor in anchors],
        may_unite={number for who, number in people.items() if who in free},
    )
    found: dict[int, set[str]] = {}
    for label, anchor in zip(labels[len(faces) :], anchors, strict=True):
        found.setdefault(label, set()).add(anchor.performer_id)
    return labels[: len(faces)], found


def _join(faces: Sequence[UnknownFace], joins: dict[int, str], owners: dict[int, str]) -> str | None:
    """The performer a group belongs to: that of its hand-made group; else the one it was grouped with, unless a
    person told that one's faces apart."""
    hand = next((face.hand for face in faces if face.hand is not None), None)
    if hand is not None and hand in owners:
        return owners[hand]
    told = Counter(joins[face.face_id] for face in faces if face.face_id in joins)
    if not told:
        return None
    performer = min(told, key=lambda who: (-told[who], int(who)))
    return None if hand is not None and performer in owners.values() else performer


def _without_rejected(context: Context, group: FaceGroup) -> list[FaceGroup]:
    """Faces of which a person said that they are not this performer stay a group of their own."""
    denied = rejected(context, group.performer_id)
    joining = tuple(face for face in group.faces if face.face_id not in denied)
    others = tuple(face for face in group.faces if face.face_id in denied)
    return [FaceGroup(faces, who) for faces, who in ((joining, group.performer_id), (others, None)) if faces]


def rejected(context: Context, performer_id: str | None) -> set[int | None]:
    """Ids of the faces of which a person said that they are not this performer; none for None."""
    decisions = context.store.decisions.of_performer(performer_id) if performer_id is not None else ()
    return {each.face_id for each in decisions if each.said is Said.NOT_HER}
