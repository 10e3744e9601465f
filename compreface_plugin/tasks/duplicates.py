"""duplicatePerformers: which performers look like one person. Of all of them it is compared once, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.pipeline.model_in_use import ModelInUse, model_in_use
from compreface_plugin.tasks.compare import SAME, UNSURE, matcher_of
from compreface_plugin.values import bool_arg, int_arg

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compreface_plugin.pipeline.context import Context

RIVALS = 3  # people looked at beside a performer's own self
TOLD_APART = "different people"  # pairs of performer ids, the smaller one first
KEY = "alike performers"  # in the store's small facts: {"state", "pairs"}
AT_ONCE = 3000  # examples compared with everybody while somebody waits; 10,000 take 4 s of processor time
MOST_KEPT = 2000  # pairs

Pair = tuple[str, str]
Found = list[tuple[str, str, float, int, bool]]  # two performers, best similarity, faces, whether it is enough


def duplicate_performers(context: Context) -> dict[str, Any]:
    """Pairs of performers whose enrolled faces look like one person, most alike first (`limit`); with `performerId`
    only hers. Pairs that a person told apart (`otherId`, `different`) are left out.

    `upToDate` false: there are too many to compare them all while somebody waits; ask again with `refresh`.
    """
    model = model_in_use(context)
    limit = int_arg(context.args, "limit", 50, minimum=1, maximum=1000)
    only, other = (str(int_arg(context.args, name, 0, minimum=0) or "") for name in ("performerId", "otherId"))
    if other:
        _tell_apart(context, only, other, different=bool_arg(context.args, "different", default=True))
    found, fresh = (_alike(context, model, only), True) if only else _of_all(context, model)
    apart = _told_apart(context)
    pairs = [each for each in found if each[:2] not in apart]
    names = context.library.performer_names(sorted({who for pair in pairs for who in pair[:2]}))
    return {
        "pairs": [
            {
                "performerIds": [one, two],
                "names": [names[one], names[two]],
                "best": round(best, 4),
                "faces": faces,
                "verdict": SAME if enough else UNSURE,
            }
            for one, two, best, faces, enough in pairs
            if one in names and two in names
        ][:limit],
        "model": model.model_id,
        "upToDate": fresh,
    }


def _of_all(context: Context, model: ModelInUse) -> tuple[Found, bool]:
    """Everybody's, compared anew when examples came or went; and whether they are up to date."""
    store, settings = context.store, context.settings
    count, examples = store.examples.state(model.model_id)
    state = f"{model.model_id} {settings.min_similarity} {settings.review_similarity} {examples}"
    kept = store.meta.get(KEY) or {"state": "", "pairs": []}
    fresh = kept["state"] == state
    if not fresh and (count <= AT_ONCE or bool_arg(context.args, "refresh")):
        kept, fresh = {"state": state, "pairs": _alike(context, model)[:MOST_KEPT]}, True
        with store.transaction():
            store.meta.set(KEY, kept)
    return [(one, two, best, faces, enough) for one, two, best, faces, enough in kept["pairs"]], fresh


def _alike(context: Context, model: ModelInUse, only: str = "") -> Found:
    """Of all performers or one, best first."""
    examples = context.store.people.gallery(model.model_id, 0)
    matcher = matcher_of(context, model, examples, without=set(), top_k=RIVALS)
    best: dict[Pair, list[float]] = {}
    rows = [row for row, who in enumerate(examples.performer_ids) if only in ("", who)]
    for row, match in zip(rows, matcher.match(examples.embeddings[rows]) if rows else (), strict=True):
        for candidate in match.candidates:
            pair = _pair(examples.performer_ids[row], candidate.performer_id)
            if pair[0] != pair[1] and candidate.similarity >= matcher.required_for_review:
                best.setdefault(pair, []).append(float(candidate.similarity))
    ordered = sorted(best, key=lambda pair: (-max(best[pair]), pair))
    return [(*pair, max(best[pair]), len(best[pair]), max(best[pair]) >= matcher.required) for pair in ordered]


def _pair(one: str, other: str) -> Pair:
    return min(one, other, key=int), max(one, other, key=int)


def _told_apart(context: Context) -> set[Pair]:
    return {(one, other) for one, other in context.store.meta.get(TOLD_APART) or ()}


def _tell_apart(context: Context, one: str, other: str, *, different: bool) -> None:
    """Keeps that two performers are two people, or forgets it."""
    if not one or one == other:
        raise SettingsError("Telling performers apart needs the arguments performerId and otherId, two performers.")
    with context.store.transaction():
        pairs: Iterable[Pair] = _told_apart(context)
        pairs = {*pairs, _pair(one, other)} if different else {*pairs} - {_pair(one, other)}
        context.store.meta.set(TOLD_APART, sorted(pairs))
