"""What a model makes of kept crops beside what it makes of the pictures: `python -m benchmarks.crops --engine dlib`.

After Switch Engine all embeddings of the new model come from crops that were cut around the faces another detector
found. Two pictures of each person of the LFW set at most are looked at whole, and as the crops that dlib and
`buffalo_sc_int8` would keep of them. Told are faces of two people at the accept point, and of one person.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from benchmarks.lfw import arguments, index
from compreface_plugin.domain.faces import DetectionLimits, Picture
from compreface_plugin.domain.operating_points import operating_point
from compreface_plugin.engine.select import open_engine
from compreface_plugin.media.pictures import decode
from compreface_plugin.pipeline.crops import SMALLEST_FACE_PX, middle_face

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import SeenFace
    from compreface_plugin.ports import FaceEngine

CUTTERS = ("dlib", "buffalo_sc_int8")
EACH = 2  # pictures of one person
WHOLE, CROP = DetectionLimits(64 * 2 / 3), DetectionLimits(SMALLEST_FACE_PX)  # as when identifying, when switching


def seen(engine: FaceEngine, picture: Picture, limits: DetectionLimits) -> SeenFace | None:
    return middle_face(engine.look([picture], limits)[0])


def whole(data: Path, row: dict[str, str]) -> Picture:
    folder = data / "faces" / "lfw"
    path = next(each for each in (folder / row["file"], folder / row["role"] / row["file"]) if each.is_file())
    with Image.open(path) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    return Picture(pixels, pixels.shape[1], pixels.shape[0], str(path))


def embed(pack: str, data: Path) -> tuple[list[str], dict[str, np.ndarray]]:
    """Identities, and by way of looking an embedding of each face, NaN where none was found."""
    counts: Counter[str] = Counter()
    people: list[str] = []
    found: dict[str, list[np.ndarray]] = {"picture": [], **{f"crop by {each}": [] for each in CUTTERS}}
    with ExitStack() as opened:
        engines = {each: open_engine(each, data_dir=None, models_dir=data / "models") for each in {pack, *CUTTERS}}
        for engine in engines.values():
            opened.callback(engine.close)
        for row in index(data):
            counts[row["identity"]] += 1
            picture = whole(data, row) if counts[row["identity"]] <= EACH else None
            mine = seen(engines[pack], picture, WHOLE) if picture is not None else None
            if picture is None or mine is None:
                continue
            people.append(row["identity"])
            found["picture"].append(mine.embedding)
            for cutter in CUTTERS:
                cut = seen(engines[cutter], picture, WHOLE)
                crop = None if cut is None else decode(cut.crop_jpeg, max_megapixels=1.0, name="crop")
                again = None if crop is None else seen(engines[pack], crop, CROP)
                missing = np.full_like(mine.embedding, np.nan)
                found[f"crop by {cutter}"].append(missing if again is None else again.embedding)
    return people, {way: np.stack(rows) for way, rows in found.items()}


def tell(pack: str, data: Path) -> None:
    people, found = embed(pack, data)
    engine = open_engine(pack, data_dir=None, models_dir=data / "models")
    point = operating_point(engine.info.model_id, pack)
    engine.close()
    accept = float(point.similarity_scale().to_cosine(0.89))
    who = np.array(people)
    same = np.triu(who[:, None] == who[None, :], 1)
    other = np.triu(who[:, None] != who[None, :], 1)
    print(f"{pack}: accept point at cosine {accept:.4f}, stated for {point.accept_fmr:g} of pairs")
    for way, rows in found.items():
        there = ~np.isnan(rows[:, 0])
        cosines = rows @ rows.T
        pairs, alike = other & there & there[:, None], same & there & there[:, None]
        wrong = int((cosines[pairs] >= accept).sum())
        itself = np.einsum("ij,ij->i", rows[there], found["picture"][there])
        print(
            f"  {way}: {there.sum()} of {len(rows)} faces; {wrong} of {pairs.sum()} pairs of two people accepted "
            f"({wrong / pairs.sum():.2g}), {(cosines[alike] >= accept).mean():.1%} of {alike.sum()} of one person; "
            f"to the picture's own embedding {np.quantile(itself, 0.01):.3f} (worst hundredth), {np.median(itself):.3f}"
        )


def main() -> None:
    chosen = arguments(__doc__ or "").parse_args()
    for pack in chosen.engine or ("dlib",):
        tell(pack, chosen.data)


if __name__ == "__main__":
    main()
