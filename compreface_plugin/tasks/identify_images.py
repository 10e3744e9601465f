"""identifyImagesNew and identifyImagesAll: put known people on images. Never creates anybody."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.pipeline.image_pages import States, Wanted, match_images
from compreface_plugin.pipeline.opening import owes_a_scan
from compreface_plugin.pipeline.run import ActiveRun, execute

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.tags import Tags
    from compreface_plugin.stash.records import ImageRecord


def identify_new(context: Context) -> dict[str, Any]:
    """Images not yet scanned, and those whose scanned tag a person took off."""
    wanted = Wanted(_unscanned, total=lambda images: images, unscanned_only=True)
    return execute(context, "identifyImagesNew", partial(_identify, context, wanted))


def identify_all(context: Context) -> dict[str, Any]:
    """Every image; files that did not change are matched from the store without being decoded."""
    wanted = Wanted(lambda page, _states, _tags: list(page), total=lambda images: images)
    return execute(context, "identifyImagesAll", partial(_identify, context, wanted))


def _identify(context: Context, wanted: Wanted, run: ActiveRun) -> None:
    match_images(context, run, wanted)


def _unscanned(page: Sequence[ImageRecord], states: States, tags: Tags) -> list[ImageRecord]:
    return [image for image in page if owes_a_scan(states.get(image.id), image, tags)]
