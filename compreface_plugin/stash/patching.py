"""Writing to Stash: patches to as few requests as possible, and blame for exactly what failed.

Stash applies one bulk mutation to all its ids in one transaction: a single deleted image or performer rolls
back the others. So what failed is tried again in smaller parts: first every id by itself, then every value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compreface_plugin.stash import documents
from compreface_plugin.stash.records import Patch, PatchFailure, PatchResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from compreface_plugin.stash.client import StashClient

IDS_PER_MUTATION = 100  # hooks run per id before the answer, and all of them share one transaction
MUTATIONS_PER_REQUEST = 50


@dataclass(frozen=True, slots=True)
class _Step:
    """One bulk mutation: a list of one field of some items."""

    kind: str
    field: str
    mode: str
    values: tuple[str, ...]
    ids: tuple[str, ...]

    @property
    def input(self) -> Mapping[str, Any]:
        key = "values" if self.field == "alias_list" else "ids"
        return {"ids": list(self.ids), self.field: {key: list(self.values), "mode": self.mode}}

    def smaller(self) -> list[_Step]:
        """The same in parts that fail by themselves; empty when there is nothing to split."""
        if len(self.ids) > 1:
            return [_Step(self.kind, self.field, self.mode, self.values, (one,)) for one in self.ids]
        if len(self.values) > 1:
            return [_Step(self.kind, self.field, self.mode, (value,), self.ids) for value in self.values]
        return []


Blame = dict[tuple[str, str, str, str, str], str]  # kind, field, mode, id, value -> Stash's words


def apply_patches(client: StashClient, patches: Sequence[Patch]) -> list[PatchResult]:
    """Applies the patches and tells what became of each, in their order. Empty patches cost nothing.

    Patches that oppose each other keep their order; others may be put together. Raises RunError when Stash
    is not there: then some are applied and some are not, and applying all of them again is right.
    """
    blame: Blame = {}
    for section in _sections(patches):
        steps = list(_merged(section))
        while steps:
            failed = _run(client, steps)
            steps = []
            for step, message in failed:
                parts = step.smaller()
                steps += parts
                if not parts:
                    blame[(step.kind, step.field, step.mode, step.ids[0], step.values[0])] = message
    return [PatchResult(patch, _failures(patch, blame)) for patch in patches]


def _failures(patch: Patch, blame: Blame) -> tuple[PatchFailure, ...]:
    kind, field, mode = _plain(patch)
    return tuple(
        PatchFailure(one, value, blame[key])
        for one in map(str, patch.ids)
        for value in map(str, patch.values)
        if (key := (kind, field, mode, one, value)) in blame
    )


def _plain(patch: Patch) -> tuple[str, str, str]:
    """Kind, field and mode as Stash spells them; enumerations of the domain are texts of the same meaning."""
    return str.__str__(patch.kind), str.__str__(patch.field), str.__str__(patch.mode).upper()


def _sections(patches: Sequence[Patch]) -> Iterator[list[Patch]]:
    """Runs of patches in which no list is both added to and removed from, so that order does not matter."""
    section: list[Patch] = []
    modes: dict[tuple[str, str], str] = {}
    for patch in patches:
        kind, field, mode = _plain(patch)
        if modes.setdefault((kind, field), mode) != mode:
            yield section
            section, modes = [], {(kind, field): mode}
        section.append(patch)
    yield section


def _merged(patches: Iterable[Patch]) -> Iterator[_Step]:
    """One step for all ids that get the same values, in portions; ids that Stash would refuse as doubled
    come once.
    """
    together: dict[tuple[str, str, str, tuple[str, ...]], dict[str, None]] = {}
    for patch in patches:
        values = tuple(dict.fromkeys(map(str, patch.values)))
        if patch.ids and values:
            together.setdefault((*_plain(patch), values), {}).update(dict.fromkeys(map(str, patch.ids)))
    for (kind, field, mode, values), ids in together.items():
        ordered = tuple(ids)
        for start in range(0, len(ordered), IDS_PER_MUTATION):
            yield _Step(kind, field, mode, values, ordered[start : start + IDS_PER_MUTATION])


def _run(client: StashClient, steps: Sequence[_Step]) -> list[tuple[_Step, str]]:
    """The steps that Stash refused, with its words."""
    failed: list[tuple[_Step, str]] = []
    for start in range(0, len(steps), MUTATIONS_PER_REQUEST):
        portion = steps[start : start + MUTATIONS_PER_REQUEST]
        document = documents.patches(tuple(step.kind for step in portion))
        data, errors = client.execute_partial(document, {f"p{n}": step.input for n, step in enumerate(portion)})
        for n, step in enumerate(portion):
            if f"p{n}" in errors or data.get(f"p{n}") is None:
                failed.append((step, errors.get(f"p{n}", "no answer to this change")))
    return failed
