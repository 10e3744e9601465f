"""What tests of scenes share: films of known people, and questions about what came of them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from films import Shot, pictures, write_film
from PIL import Image

if TYPE_CHECKING:
    from conftest import World

PACK = "buffalo_sc_int8"


def run(world: World, task: str, **args: Any) -> dict[str, Any]:
    job = world.run(task, timeout_s=400, modelPack=PACK, **args)
    assert job["status"] == "FINISHED", job
    return world.last_run()


def on_scene(world: World, scene: str) -> list[str]:
    return sorted(world.stash.performers_of(scene, "scene"))


def people_of(world: World, scene: str) -> dict[str, Any]:
    found: dict[str, Any] = world.ask("sceneFaces", sceneId=scene)
    return found


def lfw(data_dir: Path, number: int) -> list[Path]:
    """The pictures of the known person of this number, by name."""
    folders: dict[str, list[Path]] = {}
    with (data_dir / "faces/lfw/index.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["role"] == "known":
                folders.setdefault(row["identity"], []).append(data_dir / "faces/lfw" / row["file"])
    return folders[sorted(folders)[number]]


def film_of(world: World, name: str, *people: Path, seconds: float = 3.0, **options: Any) -> tuple[str, Path]:
    """A film with one shot for each person; (scene id, path)."""
    shots = [Shot([Image.open(path)], seconds) for path in people]
    path = write_film(world.folder / name, pictures(shots), **options)
    return str(world.stash.add_scene(path)), path
