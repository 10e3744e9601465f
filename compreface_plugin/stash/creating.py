"""Performers are made several at once, and each only once, whatever happens to the connection."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import ServiceRefused
from compreface_plugin.stash import documents, mapping
from compreface_plugin.stash.client import AnswerLost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compreface_plugin.stash.client import StashClient
    from compreface_plugin.stash.records import NewPerformer, PerformerRecord


def performers_named(client: StashClient, names: Sequence[str]) -> dict[str, list[PerformerRecord]]:
    """The performers of exactly these names, by name, by one request; several may differ in their disambiguation."""
    if not names:
        return {}
    # EQUALS is LIKE in Stash: wildcards and upper case fit too, so the exact ones are picked out here.
    variables: dict[str, Any] = {
        f"f{n}": {"name": {"value": name, "modifier": "EQUALS"}} for n, name in enumerate(names)
    }
    data = client.execute(documents.performers_named(len(names)), {**variables, "all": {"per_page": -1}})
    return {
        name: [record for record in map(mapping.performer, data[f"f{n}"]["performers"]) if record.name == name]
        for n, name in enumerate(names)
    }


def create_performers(client: StashClient, wanted: Sequence[NewPerformer]) -> list[PerformerRecord]:
    """Makes them in order, by two requests: who has such a name, and the making. None for nobody.

    Raises ServiceRefused when Stash refuses one (name taken, ...): the others are made then.
    """
    if not wanted:
        return []
    before = _ids(performers_named(client, [new.name for new in wanted]))
    made: dict[str, PerformerRecord] = {}
    try:
        made = _create(client, wanted)
    except AnswerLost:  # made, or in part, or not at all
        for name, found in performers_named(client, [new.name for new in wanted]).items():
            made.update((name, record) for record in found if record.id not in before)
        made.update(_create(client, [new for new in wanted if new.name not in made]))
    return [made[new.name] for new in wanted]


def _ids(found: dict[str, list[PerformerRecord]]) -> set[str]:
    return {record.id for records in found.values() for record in records}


def _create(client: StashClient, wanted: Sequence[NewPerformer]) -> dict[str, PerformerRecord]:
    if not wanted:
        return {}
    variables = {f"p{n}": _input(new) for n, new in enumerate(wanted)}
    data, failed = client.execute_partial(documents.performers_create(len(wanted)), variables, repeatable=False)
    for alias, words in failed.items():
        raise ServiceRefused(f"Stash refused to make the performer {variables[alias]['name']!r}: {words}.")
    return {new.name: mapping.performer(data[f"p{n}"]) for n, new in enumerate(wanted)}


def _input(new: NewPerformer) -> dict[str, Any]:
    values: dict[str, Any] = {"name": new.name}
    if new.gender is not None:
        values["gender"] = new.gender
    if new.picture is not None:
        values["image"] = "data:image/jpeg;base64," + base64.b64encode(new.picture).decode()
    return values
