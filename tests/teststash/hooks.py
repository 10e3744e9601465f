"""Hooks: synchronous, one process per object and hook, at most ten visits of one hook in a chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .plugin_process import PluginProcess, PluginStartError, merged_args
from .schema import schema_of
from .session import Session

if TYPE_CHECKING:
    from .answers import Request
    from .stash import TestStash

_VISITS = 10
# Inputs that Stash keeps in types of its own show every field, null where unset; the generated ones leave nulls out.
_WHOLE = {
    "Performer": ("PerformerCreateInput", "PerformerUpdateInput"),
    "Image": (None, "ImageUpdateInput"),
    "Gallery": (None, "GalleryUpdateInput"),
    "Scene": (None, "SceneUpdateInput"),
}
_MORE = {
    "Performer": ("aliases", "height"),
    "Image": ("scene_ids",),
}  # known to the server's types, not to GraphQL


def hook_input(stash: TestStash, trigger: str, given: Any) -> Any:
    """The mutation's input as a hook finds it."""
    if isinstance(given, list):
        return [hook_input(stash, trigger, one) for one in given]
    if not isinstance(given, dict):
        return given
    kind, what, _ = trigger.split(".")
    names = _WHOLE.get(kind, (None, None))
    name = names[0] if what == "Create" else names[1] if what == "Update" and "ids" not in given else None
    if name is None:
        return {key: value for key, value in given.items() if value is not None or what == "Destroy"}
    fields: Any = schema_of(stash.release).type_map[name]
    shown = dict.fromkeys([*fields.fields, *_MORE.get(kind, ())]) | given
    if name == "PerformerUpdateInput":
        custom = schema_of(stash.release).type_map["CustomFieldsInput"]
        shown["custom_fields"] = dict.fromkeys(custom.fields) | (given.get("custom_fields") or {})  # type: ignore[attr-defined]
    return shown


class Hooks:
    """Fires the hooks of all enabled plugins after a commit."""

    def __init__(self, stash: TestStash) -> None:
        self._stash = stash

    def fire(
        self, request: Request, trigger: str, object_id: int, given: Any, fields: list[str] | None
    ) -> None:
        """Runs every hook for `trigger`; errors are only logged."""
        for plugin in self._stash.plugins.enabled():
            for hook in plugin.hooks_for(trigger):
                if request.visits.count((plugin.id, trigger)) >= _VISITS:
                    self._stash.log.add("Debug", f"Not executing {plugin.id} {trigger}: possible loop")
                    continue
                shown = hook_input(self._stash, trigger, given)
                context: dict[str, Any] = {"id": object_id, "type": trigger, "input": shown}
                if fields is not None:
                    context["inputFields"] = fields
                visits = [*request.visits, (plugin.id, trigger)]
                cookie = self._stash.sessions.plugin_cookie(Session(request.user, visits))
                args = merged_args({"hookContext": context}, hook)
                try:
                    process = PluginProcess(self._stash, plugin, hook, args, cookie, None)
                except PluginStartError as error:
                    self._stash.log.add("Error", str(error))
                    return
                self._stash.track(process)
                result = process.wait(request.client_gone)
                if result is None:
                    process.kill()
                elif result.error is not None:
                    self._stash.log.add("Error", f"{trigger} hook returned error: {result.error}")
