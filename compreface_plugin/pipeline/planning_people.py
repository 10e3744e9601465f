"""Which groups of unknown faces a run is going to make people of: decided once, and written down whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.subjects import build_subject_name
from compreface_plugin.domain.unknown import FaceGroup, enough_for_a_person
from compreface_plugin.pipeline.grouping import group_unknown

if TYPE_CHECKING:
    from compreface_plugin.domain.records import Kind
    from compreface_plugin.domain.unknown import Gates, Grouping
    from compreface_plugin.pipeline.context import Context


@dataclass(frozen=True, slots=True)
class Plan:
    """How many of what a run decided on."""

    faces: int  # unknown, in groups
    groups: int
    new: int
    again: int  # people made earlier who were found again
    merges: int

    @property
    def waiting(self) -> int:
        """Groups that are too small, or not this mode's business."""
        return self.groups - self.new - self.again


def plan_people(context: Context, run_id: str, gates: Gates, kind: Kind) -> Plan:
    """Decides once who is made, who of the people made earlier was found again, and who of them are one: what the run
    is going to write, in one transaction. `kind`: of the run's items; groups without any of them are left alone."""
    names = context.library.performer_names()
    found = group_unknown(context, context.engine.info, gates, names, unite=True)
    return plan_groups(context, run_id, gates, names, found, [group for group in found.groups if group.holds(kind)])


def plan_groups(
    context: Context,
    run_id: str,
    gates: Gates,
    names: Mapping[str, str],
    found: Grouping,
    groups: Sequence[FaceGroup],
    least: int | None = None,
) -> Plan:
    """The same for these groups of the ones that were found. `least`: faces that make a person new; None: by the
    settings. `names`: of all performers, by id."""
    least = context.settings.min_faces_per_person if least is None else least
    again = [(names[g.performer_id], g.performer_id, g.faces) for g in groups if g.performer_id is not None]
    new = [
        (build_subject_name(min(face.item_id for face in group.faces)), None, group.faces)
        for group in groups
        if group.performer_id is None and gates.want(group.faces) and enough_for_a_person(group, least)
    ]
    with context.store.transaction():
        context.store.merges.plan(run_id, found.merges)
        context.store.groups.plan(
            run_id,
            ((name, who, [face.face_id for face in faces]) for name, who, faces in [*again, *new]),
        )
    faces = sum(len(group.faces) for group in groups)
    return Plan(faces, len(groups), len(new), len(again), len(found.merges))
