"""statistics: how much was looked at, found and decided. Loads no model and asks Stash for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.pipeline.pinning import read_pin

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context


def statistics(context: Context) -> dict[str, Any]:
    """Counts only; zero, or absent, where nothing was done yet. `engine` and `model` are None before the first task."""
    pin, numbers = read_pin(context), context.store.statistics
    model_id = pin.model_id if pin is not None else ""
    people, written = numbers.people(), numbers.written()
    return {
        "engine": pin.engine if pin is not None else None,
        "model": model_id or None,
        "items": numbers.items(),
        "faces": numbers.faces(model_id),
        "waiting": context.store.proposals.page(model_id, limit=0)[0],
        "people": people["enrolled"],
        "examples": {
            "own": people.get("examples_performer", 0),
            "learned": people.get("examples_face", 0),
            "all": sum(count for name, count in people.items() if name.startswith("examples_")),
        },
        "decisions": numbers.decisions(),
        "judged": numbers.judged(),
        "named": {"standing": written.get("applied", 0) + written.get("kept", 0), "undone": written.get("undone", 0)},
        "databaseBytes": context.store.path.stat().st_size,
    }
