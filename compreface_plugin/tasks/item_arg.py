"""imageId, sceneId, galleryId: the arguments by which one item of Stash is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.records import Kind
from compreface_plugin.values import int_arg

if TYPE_CHECKING:
    from collections.abc import Mapping

ITEMS = {"imageId": Kind.IMAGE, "sceneId": Kind.SCENE, "galleryId": Kind.GALLERY}


def item_arg(args: Mapping[str, object]) -> tuple[Kind, int] | None:
    """The item that an operation is narrowed to; None when there is none. Raises SettingsError for two."""
    given = {name: item_id for name in ITEMS if (item_id := int_arg(args, name, 0))}
    if len(given) > 1:
        raise SettingsError(f"The arguments {' and '.join(given)} are both given; allowed is one of them.")
    return next(((ITEMS[name], item_id) for name, item_id in given.items()), None)
