"""Hooks: synchronous, one process per object and hook, at most ten visits of one hook in a chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .plugin_process import PluginProcess, PluginStartError, merged_args
from .session import Session

if TYPE_CHECKING:
    from .answers import Request
    from .stash import TestStash

_VISITS = 10


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
                context: dict[str, Any] = {"id": object_id, "type": trigger, "input": given}
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
