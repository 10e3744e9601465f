"""The first start after an upgrade: what the old plugin left in Stash is read in once, and said in one line."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import Kind
from compreface_plugin.domain.subjects import subject_names_of

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.records import ScannedRecord

KEY = "taken over"
RUN_ID = "before"  # stands in for the runs of the old plugin
PAGE = 1000


def take_over(context: Context) -> None:
    """Idempotent; does nothing when it was done before. Raises RunError when Stash does not answer."""
    if context.store.meta.get(KEY) is not None:
        return
    scanned, matched = _old_tags(context)
    images, scenes = _read_tags(context, scanned, matched) if scanned else (0, 0)
    subjects = _read_aliases(context)
    with context.store.transaction():
        counts = {"images": images, "scenes": scenes, "subjects": subjects}
        context.store.meta.set(KEY, {**counts, "at": context.clock.now()})
    if images or scenes or subjects:
        context.log.info(
            f"taken over from an earlier version: {images} scanned images, {scenes} scanned scenes, "
            f"{subjects} subjects of performers"
        )


def _old_tags(context: Context) -> tuple[str | None, str | None]:
    """Ids of the scanned and matched tags: by the names in the settings, else by an old config.py."""
    written = old_config(context.plugin_dir / "config.py")
    settings, library = context.settings, context.library

    def one(name: str | None, key: str) -> str | None:
        found = library.tag_named(name) if name else None
        return found.id if found else written.get(key)

    return one(settings.scanned_tag_name, "scanned_tag_id"), one(settings.matched_tag_name, "matched_tag_id")


def old_config(path: Path) -> dict[str, str]:
    """Plain assignments `name = number or text` of an old config.py, names in lower case. Nothing in it is executed."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return {}
    return {
        target.id.lower(): str(node.value.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _read_tags(context: Context, scanned: str, matched: str | None) -> tuple[int, int]:
    """Every image and scene that carries the scanned tag counts as scanned; how many of each.

    Committed page by page; a repeat changes nothing.
    """
    library = context.library
    read = partial(_mark, context, scanned, matched)
    images = sum(
        read(Kind.IMAGE, page)
        for page in _pages(context, lambda after: library.image_page(after, PAGE, with_tag=scanned))
    )
    scenes = sum(
        read(Kind.SCENE, page)
        for page in _pages(context, lambda after: library.scenes.page(after=after, per_page=PAGE, with_tag=scanned))
    )
    return images, scenes


def _pages(context: Context, page_of: Callable[[int], Sequence[ScannedRecord]]) -> Iterator[Sequence[ScannedRecord]]:
    after = 0
    while page := page_of(after):
        context.cancel.raise_if_cancelled()
        yield page
        after = page[-1].id
        if len(page) < PAGE:
            return


def _mark(context: Context, scanned: str, matched: str | None, kind: Kind, page: Sequence[ScannedRecord]) -> int:
    items, now = context.store.items, context.clock.now()
    known = items.states(kind, [item.id for item in page])
    new = [item for item in page if item.id not in known]
    with context.store.transaction():
        for item in new:
            items.mark_scanned(
                kind,
                item.id,
                matched=matched is not None and matched in item.tag_ids,
                run_id=RUN_ID,
                tag_id=scanned,
                fingerprint=item.fingerprint,
                now=now,
            )
    return len(new)


def _read_aliases(context: Context) -> int:
    """Subjects named by performers' aliases are known from now on, tied to their performer."""
    people, count, performers = context.store.people, 0, context.library.performers()
    with context.store.transaction():
        for performer in performers:
            for name in subject_names_of(performer.name, performer.aliases):
                if people.subject_named(name) is None:
                    people.add_subject(name, performer.id, RUN_ID, context.clock.now())
                    count += 1
    return count
