"""A small library of real photographs with the truth beside it: who is on which picture.

`build(photographs, out)` draws everything from the pictures that photographs.py fetches, the same each time.
It is a demonstration: many items are variants of few photographs, so no figure of accuracy follows from it.
The pictures of Barack Obama are three different photographs; he is enrolled with one of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from PIL import Image, ImageEnhance

from demo import variants

OBAMA, BIDEN, COLLINS = "Barack Obama", "Joe Biden", "Eileen Collins"
FRIEND = "Friend {}"  # at the table, counted from the left

# Head and shoulders: photograph and (left, top, right, bottom) in its pixels.
BUSTS: dict[str, tuple[str, tuple[int, int, int, int]]] = {
    "obama": ("obama.jpg", (180, 20, 790, 700)),
    "obama speaking": ("obama2.jpg", (0, 150, 600, 830)),
    "obama standing": ("obama3.jpg", (430, 120, 1170, 900)),
    "biden": ("biden.jpg", (200, 60, 960, 900)),
    "collins": ("astronaut.png", (90, 0, 350, 290)),
    "friend 1": ("t1.jpg", (0, 190, 250, 470)),
    "friend 2": ("t1.jpg", (212, 105, 427, 345)),
    "friend 3": ("t1.jpg", (375, 210, 632, 498)),
    "friend 4": ("t1.jpg", (649, 282, 907, 570)),
    "friend 5": ("t1.jpg", (800, 0, 1050, 310)),
    "friend 6": ("t1.jpg", (1050, 198, 1280, 480)),
}
WHO: dict[str, str] = {
    "obama": OBAMA,
    "obama speaking": OBAMA,
    "obama standing": OBAMA,
    "biden": BIDEN,
    "collins": COLLINS,
    "friend 1": FRIEND.format(1),
    "friend 3": FRIEND.format(3),
    "friend 4": FRIEND.format(4),
    "friend 6": FRIEND.format(6),
}  # whoever is missing here is a stranger: nobody enrols them

SINGLES: dict[str, tuple[str, ...]] = {
    "obama": ("mirrored", "dark", "compressed twice", "black and white"),
    "obama speaking": ("as it is", "lamp light"),
    "obama standing": ("as it is", "bright"),
    "biden": ("mirrored", "dark", "small", "grainy", "black and white"),
    "collins": ("mirrored", "lamp light", "large", "compressed twice"),
    "friend 1": ("mirrored", "large"),
    "friend 3": ("mirrored", "dark", "large"),
    "friend 4": ("mirrored", "tilted", "large"),
    "friend 6": ("mirrored", "bright", "large"),
    "friend 2": ("as it is", "large"),
    "friend 5": ("as it is", "large"),
}


@dataclass(frozen=True, slots=True)
class DemoPerformer:
    """A performer as the library owner made it; `portrait` is a file below the library, or None."""

    name: str
    portrait: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class DemoImage:
    """One item and its truth. `kind`: photograph, variant, group, stranger, empty, broken."""

    file: str
    title: str
    kind: str
    people: tuple[str, ...] = ()
    strangers: int = 0


@dataclass(frozen=True, slots=True)
class Library:
    """Everything in one folder: portraits/, images/ and truth.json."""

    folder: Path
    performers: list[DemoPerformer] = field(default_factory=list)
    images: list[DemoImage] = field(default_factory=list)

    def path_of(self, file: str) -> Path:
        return self.folder / file


def build(photographs: Path, out: Path) -> Library:
    """Draws the library into `out` (made when missing) and returns it; the truth lands in truth.json."""
    (out / "portraits").mkdir(parents=True, exist_ok=True)
    (out / "images").mkdir(exist_ok=True)
    library = Library(out)
    busts = {key: _open(photographs / name).crop(box) for key, (name, box) in BUSTS.items()}
    _performers(library, busts, photographs)
    _photographs(library, photographs)
    _singles(library, busts)
    _groups(library, busts)
    _awkward(library, photographs, busts)
    truth = {
        "performers": [asdict(performer) for performer in library.performers],
        "images": [asdict(image) for image in library.images],
    }
    (out / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return library


def _open(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def _performers(library: Library, busts: dict[str, Image.Image], photographs: Path) -> None:
    """Portraits are another cut than the library's pictures: tighter, larger, a little brighter."""
    for key in ("obama", "biden", "collins", "friend 1", "friend 3", "friend 4", "friend 6"):
        bust = busts[key]
        tight = bust.crop((bust.width // 14, 0, bust.width * 13 // 14, bust.height * 9 // 10))
        portrait = tight.resize((480, round(480 * tight.height / tight.width)), Image.Resampling.BICUBIC)
        file = f"portraits/{key.replace(' ', '-')}.jpg"
        ImageEnhance.Brightness(portrait).enhance(1.06).save(library.path_of(file), quality=90)
        library.performers.append(DemoPerformer(WHO[key], file))
    _open(photographs / "chelsea.png").save(library.path_of("portraits/cat.jpg"), quality=90)
    library.performers.append(DemoPerformer("Chelsea", "portraits/cat.jpg", "the portrait shows a cat"))
    library.performers.append(DemoPerformer("Nobody Yet", None, "no portrait at all"))


def _add(library: Library, image: DemoImage, save: Callable[[Path], object]) -> None:
    save(library.path_of(image.file))
    library.images.append(image)


def _photographs(library: Library, photographs: Path) -> None:
    """The photographs as they are, whole."""
    friends = tuple(FRIEND.format(place) for place in (1, 3, 4, 6))
    for name, title, people, strangers in (
        ("obama.jpg", "Official portrait", (OBAMA,), 0),
        ("obama2.jpg", "A speech", (OBAMA,), 0),
        ("obama3.jpg", "Under the chandelier", (OBAMA,), 0),
        ("obama_partial_face.jpg", "Half a face at the edge", (OBAMA,), 0),
        ("biden.jpg", "Arms folded", (BIDEN,), 0),
        ("astronaut.png", "Shuttle commander", (COLLINS,), 0),
        ("t1.jpg", "A game of cards", friends, 2),
    ):
        kind = "group" if len(people) > 1 else "photograph"
        content = (photographs / name).read_bytes()
        image = DemoImage(f"images/{name}", title, kind, people, strangers)
        _add(library, image, lambda path, content=content: path.write_bytes(content))  # type: ignore[misc]


def _singles(library: Library, busts: dict[str, Image.Image]) -> None:
    for key, names in SINGLES.items():
        for name in names:
            file = f"images/{key} {name}.jpg".replace(" ", "-")
            picture = variants.VARIANTS[name](busts[key])
            if person := WHO.get(key):
                doing = "".join(f" {word}" for word in ("speaking", "standing") if word in key)
                image = DemoImage(file, f"{person}{doing}, {name}", "variant", (person,))
            else:
                image = DemoImage(file, f"A stranger, {name}", "stranger", strangers=1)
            _add(library, image, lambda path, picture=picture: picture.save(path, quality=88))  # type: ignore[misc]


def _groups(library: Library, busts: dict[str, Image.Image]) -> None:
    """Composed groups: everybody enrolled on them must be named, nobody else."""

    def cast(keys: tuple[str, ...], *looks: str) -> list[Image.Image]:
        """One picture a key; the looks are handed out in turn."""
        return [variants.VARIANTS[looks[i % len(looks)]](busts[key]) for i, key in enumerate(keys)]

    def group(file: str, title: str, keys: tuple[str, ...], picture: Image.Image) -> None:
        people = tuple(dict.fromkeys(WHO[key] for key in keys if key in WHO))
        strangers = sum(key not in WHO for key in keys)
        image = DemoImage(f"images/{file}", title, "group", people, strangers)
        _add(library, image, lambda path: picture.save(path, quality=90))

    wall, call = variants.wall_of_frames, variants.contact_sheet
    moods = ("mirrored", "black and white", "compressed twice", "lamp light")
    keys: tuple[str, ...] = ("obama", "biden", "collins")
    group("wall-three.jpg", "Three on the wall", keys, wall(cast(keys, *moods), (1500, 760), [460, 420, 380]))
    picture = wall(cast(keys, "as it is"), (4000, 3000), [280, 300, 330])
    group("wall-twelve-megapixels.jpg", "Small faces in twelve megapixels", keys, picture)
    keys = ("biden", "friend 3", "collins", "friend 6", "friend 5")
    picture = wall(cast(keys, "mirrored", "as it is", "grainy"), (2200, 760), [430, 380, 400, 360, 380])
    group("wall-five.jpg", "Five on the wall, one unknown", keys, picture)
    keys = ("friend 1", "obama", "friend 4", "friend 2")
    picture = call(cast(keys, "large"), 2, (640, 480))
    group("call-four.jpg", "A video call", keys, picture)
    keys = ("collins", "obama", "biden", "friend 4", "friend 3", "friend 6")
    picture = call(cast(keys, "lamp light"), 3, (520, 440))
    group("call-six.jpg", "Six in lamp light", keys, picture)
    keys = (*keys, "friend 1", "friend 2", "friend 5")
    group("call-nine.jpg", "Everybody in one call", keys, call(cast(keys, *moods), 3, (480, 400)))


def _awkward(library: Library, photographs: Path, busts: dict[str, Image.Image]) -> None:
    """Formats, turned pictures, nobody there, and files that are no pictures."""
    biden, collins, obama = busts["biden"], busts["collins"], busts["obama"]
    sideways = Image.Exif()
    sideways[0x0112] = 6  # EXIF orientation: the camera was turned; the viewer turns it back by 90 degrees
    for file, title, person, save in (
        ("exif-sideways.jpg", "Turned by its EXIF tag", OBAMA,
         lambda path: obama.transpose(Image.Transpose.ROTATE_90).save(path, exif=sideways, quality=90)),
        ("lying-on-its-side.jpg", "A scan lying on its side", COLLINS,
         lambda path: variants.large(collins).transpose(Image.Transpose.ROTATE_270).save(path, quality=90)),
        ("print-colours.jpg", "CMYK, from a print shop", BIDEN,
         lambda path: biden.convert("CMYK").save(path, quality=90)),
        ("sixteen-colours.gif", "A GIF of 64 colours", COLLINS,
         lambda path: variants.large(collins).quantize(64).save(path)),
        ("transparent.png", "PNG with transparency", BIDEN,
         lambda path: biden.convert("RGBA").save(path)),
        ("small-web.webp", "WebP", COLLINS, lambda path: collins.save(path, quality=70)),
    ):  # fmt: skip
        _add(library, DemoImage(f"images/{file}", title, "variant", (person,)), save)
    for name, title in (("chelsea.png", "A cat"), ("coffee.png", "Coffee"), ("rocket.jpg", "A rocket")):
        content = (photographs / name).read_bytes()
        _add(library, DemoImage(f"images/{name}", title, "empty"),
             lambda path, content=content: path.write_bytes(content))  # type: ignore[misc]  # fmt: skip
    half = (photographs / "biden.jpg").read_bytes()[:9000]
    _add(library, DemoImage("images/broken.jpg", "Cut off by a full disk", "broken"),
         lambda path: path.write_bytes(half))  # fmt: skip
    _add(library, DemoImage("images/letter.jpg", "A text file named .jpg", "broken"),
         lambda path: path.write_text("Dear Stash, this is a letter and no picture.\n" * 40))  # fmt: skip
