"""A small library of real photographs in a test Stash, with the plugin started the way Stash starts it."""

from __future__ import annotations

import io
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageEnhance, ImageOps

from teststash import TestStash

QUICK = {"cooldownSeconds": -1, "modelPack": "dlib"}
Step = Callable[["World"], object]


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


@dataclass
class World:
    """The Stash, the pictures and the ids.

    `expected`: image id -> performer ids that belong on it; `told`: image id -> who is on it, for people whom nobody
    told Stash about.
    """

    stash: TestStash
    folder: Path
    photos: Path
    performers: dict[str, str] = field(default_factory=dict)
    expected: dict[str, list[str]] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)

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
    """A Stash without an image, with the plugin in its folder; what lies in `base` already is gone on with."""
    for part in ("plugins", "pictures"):
        (base / part).mkdir(exist_ok=True)
    link = base / "plugins" / "compreface"
    if not link.exists():
        link.symlink_to(repo_root)
    with TestStash(base / "config", plugins_dir=base / "plugins") as stash:
        yield World(stash, base / "pictures", photos)
        assert stash.broken == []


class Worlds:
    """Each kind of world is made once per process, kept as files, and copied for every test that starts from it."""

    def __init__(self, folder: Path, repo_root: Path, photos: Path) -> None:
        self._folder, self._repo_root, self._photos = folder, repo_root, photos
        self._kept: dict[tuple[Step, ...], World] = {}
        self._numbers = count()

    @contextmanager
    def after(self, base: Path, *steps: Step) -> Iterator[World]:
        """A world of its own in `base`, as it is after these steps."""
        kept = self._made(steps)
        base.mkdir(exist_ok=True)
        if kept is not None:
            shutil.copytree(kept.folder.parent, base, symlinks=True, dirs_exist_ok=True)
            _move(base / "config" / "stash-go.sqlite", kept.folder.parent, base)
        with started(base, self._repo_root, self._photos) as world:
            if kept is None:
                yield world
                return
            _follow(world.data / "compreface.sqlite", kept.stash.url, world.stash.url)
            yield replace(
                world, performers=dict(kept.performers), expected=dict(kept.expected), told=dict(kept.told)
            )

    def _made(self, steps: tuple[Step, ...]) -> World | None:
        """The world after these steps, its Stash at an end; None for none."""
        if steps and steps not in self._kept:
            base = self._folder / str(next(self._numbers))
            with self.after(base, *steps[:-1]) as world:
                steps[-1](world)
                assert world.errors() == []
            self._kept[steps] = world
        return self._kept[steps] if steps else None


def _move(library: Path, old: Path, new: Path) -> None:
    """Paths in Stash's database after its folder was copied."""
    with closing(sqlite3.connect(library)) as db, db:
        for table in ("file", "folder"):
            db.execute(f"UPDATE {table} SET path = replace(path, ?, ?)", (f"{old}/", f"{new}/"))
            db.execute(f"UPDATE {table} SET path = ? WHERE path = ?", (str(new), str(old)))


def _follow(store: Path, old: str, new: str) -> None:
    """Addresses of portraits in the plugin's store: a Stash that is started again keeps its port, a copy does not."""
    if store.exists():
        with closing(sqlite3.connect(store)) as db, db:
            db.execute("UPDATE enrolments SET picture_url = replace(picture_url, ?, ?)", (old, new))


def populate(w: World) -> None:
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


def synchronize(w: World) -> None:
    assert w.run("Synchronize Performers")["status"] == "FINISHED"


def identify(w: World) -> None:
    assert w.run("Identify Unscanned Images")["status"] == "FINISHED"
    assert w.named() == {image: sorted(who) for image, who in w.expected.items()}


def undo(w: World) -> None:
    assert w.run("Undo Last Run")["status"] == "FINISHED"
    assert not any(w.named().values())


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory, repo_root: Path, photos_dir: Path) -> Worlds:
    return Worlds(tmp_path_factory.mktemp("worlds"), repo_root, photos_dir)


@pytest.fixture
def after(worlds: Worlds, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """after(step, step, ...): this test's own copy of the world after these steps."""
    with ExitStack() as stack:
        yield lambda *steps: stack.enter_context(worlds.after(tmp_path, *steps))


@pytest.fixture
def empty_world(after: Callable[..., World]) -> World:
    return after()


@pytest.fixture
def world(after: Callable[..., World]) -> World:
    return after(populate)


@pytest.fixture(scope="module")
def shared_world(worlds: Worlds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The same, made once for the tests of a module that leave each other's things alone."""
    with worlds.after(tmp_path_factory.mktemp("shared"), populate) as made:
        yield made


@pytest.fixture
def synchronized(after: Callable[..., World]) -> World:
    return after(populate, synchronize)


@pytest.fixture
def identified(after: Callable[..., World]) -> World:
    """Everybody who is known stands on the images."""
    return after(populate, synchronize, identify)


@pytest.fixture
def looked_at(after: Callable[..., World]) -> World:
    """The faces of all images are known to the plugin, and nobody stands on any: whoever looks now need not search."""
    return after(populate, synchronize, identify, undo)


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
