"""A small library of real photographs in a test Stash, with the plugin started the way Stash starts it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageEnhance, ImageOps

from teststash import TestStash

QUICK = {"cooldownSeconds": -1, "modelPack": "dlib"}


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


@dataclass
class World:
    """The Stash, the pictures and the ids. `expected`: image id -> performer ids that belong on it."""

    stash: TestStash
    folder: Path
    photos: Path
    performers: dict[str, str] = field(default_factory=dict)
    expected: dict[str, list[str]] = field(default_factory=dict)

    def run(self, task: str, timeout_s: float = 180.0, **args: Any) -> dict[str, Any]:
        """Runs a task to its end and returns its job."""
        job = self.stash.run_task("compreface", task, {**QUICK, **args})
        return self.stash.wait_for_job(job, timeout_s)

    def ask(self, mode: str, **args: Any) -> Any:
        return self.stash.run_operation("compreface", {"mode": mode, **QUICK, **args})

    def last_run(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("runStatus")["run"]
        return found

    def add_image(self, name: str, data: bytes, who: list[str] | None = None) -> str:
        path = self.folder / name
        path.write_bytes(data)
        image_id = str(self.stash.add_image(path))
        self.expected[image_id] = [self.performers[each] for each in who or []]
        return image_id

    def performers_on(self, image_id: str) -> list[str]:
        return sorted(self.stash.links("image", image_id, "performer"))

    def named(self) -> dict[str, list[str]]:
        return {image_id: self.performers_on(image_id) for image_id in self.expected}

    def errors(self) -> list[str]:
        return self.stash.log.messages("Error")

    @property
    def data(self) -> Path:
        return self.folder.parent / "config" / "compreface"


@contextmanager
def started(base: Path, repo_root: Path, photos: Path) -> Iterator[World]:
    """A Stash without an image, with the plugin in its folder."""
    for part in ("plugins", "pictures"):
        (base / part).mkdir()
    (base / "plugins" / "compreface").symlink_to(repo_root)
    with TestStash(base / "config", plugins_dir=base / "plugins") as stash:
        yield World(stash, base / "pictures", photos)
        assert stash.broken == []


def populate(w: World) -> World:
    """Obama, Biden and Collins with portraits; nine pictures of them, six strangers, a cat, a cup."""
    # kept small: the embedded detector's time grows with the pixels
    obama = Image.open(w.photos / "obama.jpg").resize((364, 455))
    biden = Image.open(w.photos / "biden.jpg").crop((0, 0, 970, 1300)).resize((364, 488))
    collins = Image.open(w.photos / "astronaut.png").convert("RGB").crop((100, 0, 400, 300))
    for name, picture in (("Barack Obama", obama), ("Joe Biden", biden), ("Eileen Collins", collins)):
        w.performers[name] = str(w.stash.add_performer(name, jpeg(picture)))
    for name in ("obama2.jpg", "obama3.jpg"):
        w.add_image(name, jpeg(ImageOps.contain(Image.open(w.photos / name), (450, 450))), ["Barack Obama"])
    w.add_image("mirror.jpg", jpeg(ImageOps.mirror(biden)), ["Joe Biden"])
    w.add_image("dark.jpg", jpeg(ImageEnhance.Brightness(collins).enhance(0.7)), ["Eileen Collins"])
    pair = Image.new("RGB", (728, 488), "grey")
    pair.paste(ImageOps.mirror(obama), (0, 0))
    pair.paste(biden, (364, 0))
    w.add_image("pair.jpg", jpeg(pair), ["Barack Obama", "Joe Biden"])
    w.add_image("strangers.jpg", jpeg(Image.open(w.photos / "t1.jpg").crop((0, 0, 640, 500))))
    w.add_image("cat.png", (w.photos / "chelsea.png").read_bytes())
    return w


@pytest.fixture
def empty_world(tmp_path: Path, repo_root: Path, photos_dir: Path) -> Iterator[World]:
    with started(tmp_path, repo_root, photos_dir) as made:
        yield made


@pytest.fixture
def world(empty_world: World) -> World:
    return populate(empty_world)


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory, repo_root: Path, photos_dir: Path) -> Iterator[World]:
    """The same, made once for the tests of a module that leave each other's things alone."""
    with started(tmp_path_factory.mktemp("shared"), repo_root, photos_dir) as made:
        yield populate(made)


@pytest.fixture
def synchronized(world: World) -> World:
    assert world.run("Synchronize Performers")["status"] == "FINISHED"
    assert world.errors() == []
    return world


@pytest.fixture
def scenes(empty_world: World, data_dir: Path) -> World:
    """Nothing yet, and the model pack that scenes are looked at with."""
    from scene_world import PACK

    if not (data_dir / "models" / PACK).is_dir():
        pytest.skip(f"no model pack {PACK} under {data_dir}")
    empty_world.data.mkdir(parents=True, exist_ok=True)
    (empty_world.data / "models").symlink_to(data_dir / "models")
    return empty_world


def touch_stop(data: Path, text: str = "") -> None:
    (data / "stop").write_text(text)
