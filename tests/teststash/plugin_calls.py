"""Mutations around plugins, jobs and settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import gojson
from .answers import Request, resolves
from .database import Row
from .jobs import Job, JobFailed
from .library import LibraryError, as_id
from .plugin_process import PluginProcess, PluginResult, PluginStartError, merged_args
from .session import Session

if TYPE_CHECKING:
    from .stash import TestStash


@resolves("Mutation.runPluginTask")
def _run_task(
    _: Any,
    request: Request,
    plugin_id: str,
    task_name: str | None = None,
    description: str | None = None,
    args: list[Row] | None = None,
    args_map: Row | None = None,
) -> int:
    given = args_map if args_map is not None else _from_list(args or [])
    shown = next(name for name in (description, task_name, plugin_id) if name is not None)

    def work(job: Job) -> None:
        _plugin_job(request, job, plugin_id, task_name, given)

    return request.stash.jobs.add(f"Running plugin task: {shown}", work)


def _plugin_job(request: Request, job: Job, plugin_id: str, task_name: str | None, args: Row) -> None:
    stash = request.stash
    plugin = stash.plugins.get(plugin_id)
    if plugin is None:
        raise JobFailed(f"Error creating plugin task: no plugin with ID {plugin_id}")
    if not plugin.enabled:
        raise JobFailed(f"Error creating plugin task: plugin {plugin_id} is disabled")
    task = plugin.task(task_name) if task_name is not None else None
    if task_name is not None and task is None:
        raise JobFailed(f"Error creating plugin task: no task with name {task_name} in plugin {plugin.name}")
    cookie = stash.sessions.plugin_cookie(Session(request.user, request.visits))
    try:
        process = PluginProcess(stash, plugin, task, merged_args(args, task), cookie, job.set_progress)
    except PluginStartError as error:
        raise JobFailed(f"Error running plugin task: {error}") from error
    stash.track(process)
    result = process.wait(job.cancelled.is_set)
    if result is None:
        process.kill()
        process.when_done(lambda late: _log_result(stash, late))
    else:
        _log_result(stash, result)


def _queued(request: Request) -> Request:
    """A queued job outlives the connection that asked for it."""
    return replace(request, client_gone=lambda: False)


def _log_result(stash: TestStash, result: PluginResult) -> None:
    if result.error is not None:
        stash.log.add("Error", f"Plugin returned error: {result.error}")
    elif result.raw:
        stash.log.add(
            "Debug", "Plugin returned: 0xc000010000"
        )  # Stash prints the address of raw text, not the text
    elif result.output is not None:
        stash.log.add("Debug", f"Plugin returned: {gojson.printed(result.output)}")


def _from_list(args: list[Row]) -> Row:
    return {one["key"]: _from_value(one.get("value")) for one in args}


def _from_value(value: Row | None) -> Any:
    value = value or {}
    for key in ("str", "i", "b", "f"):
        if value.get(key) is not None:
            return value[key]
    if value.get("o") is not None:
        return _from_list(value["o"])
    if value.get("a") is not None:
        return [_from_value(one) for one in value["a"]]
    return None


@resolves("Mutation.runPluginOperation")
def _run_operation(_: Any, request: Request, plugin_id: str, args: Row | None = None) -> Any:
    stash = request.stash
    plugin = stash.plugins.get(plugin_id)
    if plugin is None:
        raise LibraryError(
            "Internal system error. Error <runtime error: invalid memory address or nil pointer dereference>"
        )
    if not plugin.enabled:
        raise LibraryError(f"plugin {plugin_id} is disabled")
    cookie = stash.sessions.plugin_cookie(Session(request.user, request.visits))
    try:
        process = PluginProcess(stash, plugin, None, args or {}, cookie, None)
    except PluginStartError as error:
        raise LibraryError(str(error)) from error
    stash.track(process)
    result = process.wait(request.client_gone)
    if result is None:
        process.kill()
        raise LibraryError("context canceled")
    if result.error is not None:
        raise LibraryError(result.error)
    return result.output


@resolves("Mutation.configurePlugin")
def _configure_plugin(_: Any, request: Request, plugin_id: str, input: Row) -> Row:
    stored: Row = gojson.stored_number(input)
    request.stash.set_plugin_settings(plugin_id, stored)
    return stored


@resolves("Mutation.configureUI")
def _configure_ui(_: Any, request: Request, input: Row | None = None, partial: Row | None = None) -> Row:
    if input is not None:
        request.stash.ui_settings = dict(input)
    if partial is not None:
        request.stash.ui_settings.update(partial)
    return request.stash.ui_settings


@resolves("Mutation.setPluginsEnabled")
def _set_enabled(_: Any, request: Request, enabledMap: dict[str, bool]) -> bool:
    request.stash.plugins.set_enabled(enabledMap)
    return True


@resolves("Mutation.reloadPlugins")
def _reload(_: Any, request: Request) -> bool:
    request.stash.plugins.reload()
    return True


@resolves("Mutation.stopJob")
def _stop_job(_: Any, request: Request, job_id: str) -> bool:
    try:
        request.stash.jobs.stop(as_id(job_id))
    except LibraryError as error:
        raise LibraryError(f"converting id: {error}") from error
    return True


@resolves("Mutation.stopAllJobs")
def _stop_all(_: Any, request: Request) -> bool:
    request.stash.jobs.stop_all()
    return True


@resolves("Mutation.metadataScan")
def _scan(_: Any, request: Request, input: Row) -> int:
    return request.stash.jobs.add(
        "Scanning...", lambda job: request.stash.scan(job, input.get("paths"), _queued(request))
    )


@resolves("Mutation.metadataGenerate")
def _generate(_: Any, request: Request, input: Row) -> int:
    return request.stash.jobs.add("Generating...", lambda job: None)


@resolves("Query.querySQL", "Mutation.querySQL")
def _query_sql(_: Any, request: Request, sql: str, args: list[Any] | None = None) -> Row:
    names, rows = request.stash.library.db.raw(sql, args or ())
    return {"columns": names, "rows": rows}
