"""The groups of unknown faces as people see them: computed when something changed, and kept for the next question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compreface_plugin.pipeline.grouping import gates_of, group_unknown

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import EngineInfo
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.pinning import Pin

KEY = "clusters"
AT_ONCE = 3000  # unknown faces that are grouped while somebody waits; more, only when asked to


def refresh(context: Context, model: EngineInfo | Pin, *, force: bool = False) -> bool:
    """Groups anew when the faces, or what people said, changed. Returns whether what is kept is up to date."""
    store = context.store
    state = store.unknown.state(model.model_id)
    if not force and store.meta.get(KEY) == state:
        return True
    if not force and int(state.split()[-3]) > AT_ONCE:
        return False
    names = context.library.performer_names()
    groups = group_unknown(context, model, gates_of(context).relaxed(), names, unite=False).groups
    with store.transaction():
        store.unknown.save_clusters({group.key: [face.face_id for face in group.faces] for group in groups})
        store.meta.set(KEY, state)
    return True
