"""After a run that made people: asks Stash to scan the folders it touched. Fired and left, for waiting would block the
queue that the scan stands in."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import RunError
from compreface_plugin.domain.records import Kind

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

MOST_FOLDERS = 200  # beyond that a scan of everything is what the user wants, and has a button for
AT_ONCE = 200


def request_scan(context: Context, run_id: str) -> None:
    """Does nothing unless the setting scanAfterRun is on. A refusal is a warning: the run itself is done."""
    if not context.settings.scan_after_run:
        return
    folders: dict[str, None] = {}
    changed = context.store.changes.applied(run_id)
    items = sorted({(c.kind, int(c.item_id)) for c in changed if c.kind in (Kind.IMAGE, Kind.SCENE)})
    try:
        for start in range(0, len(items), AT_ONCE):
            part = items[start : start + AT_ONCE]
            images = context.library.images([item_id for kind, item_id in part if kind is Kind.IMAGE]).records
            scenes = context.library.scenes.some([item_id for kind, item_id in part if kind is Kind.SCENE])
            paths = [file.path for image in images for file in image.files if not file.in_archive]
            paths += [file.path for scene in scenes for file in scene.files]
            folders.update(dict.fromkeys(map(folder_of, paths)))
            if len(folders) > MOST_FOLDERS:
                context.log.info("too many folders were touched to scan them one by one; use Stash's own Scan")
                return
        if folders:
            job = context.library.scan(tuple(folders))
            context.log.info(f"a scan of {len(folders)} folders was queued as job {job}")
    except RunError as error:
        context.log.warning(f"the scan after the run could not be queued: {error}")


def folder_of(path: str) -> str:
    """The folder of a path as Stash tells it, whatever system Stash runs on."""
    kind = PureWindowsPath if "\\" in path and "/" not in path else PurePosixPath
    return str(kind(path).parent)
