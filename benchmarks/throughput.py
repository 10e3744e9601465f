"""Detect + embed: images a second against the plain loops a user would write, on the same pictures in the
same run.

    python benchmarks/throughput.py [--data DIR] [--pictures N] [--engines dlib,light,buffalo_sc_int8]

The plain loops need the packages face_recognition, insightface and onnx (requirements-dev.txt). Both sides
take turns in slices of the same pictures, so that whatever else the machine does hits both. Recall: of the
faces that either side found with a short side of at least 64 px, how many did each find (boxes that overlap
by IoU 0.3 are the same).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from compreface_plugin.domain.errors import ItemError
from compreface_plugin.domain.faces import Box, DetectionLimits
from compreface_plugin.engine.select import installed_packs, open_engine
from compreface_plugin.media.pictures import decode

MIN_FACE_PX = 64.0
LIMITS = DetectionLimits(MIN_FACE_PX * 2 / 3)  # what the tasks ask for at the default settings
SLICE = 20

Boxes = list[Box]
Loop = Callable[[Sequence[Path]], list[Boxes]]
"""Decodes, detects and embeds; gives the boxes."""


@dataclass
class Tally:
    """What one side took and found."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    boxes: list[Boxes] = field(default_factory=list)

    def run(self, loop: Loop, paths: Sequence[Path]) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        self.boxes += loop(paths)
        self.wall_s += time.perf_counter() - wall
        self.cpu_s += time.process_time() - cpu


def plain_face_recognition() -> Loop:
    """load_image_file, face_locations, face_encodings: the loop of the package's own examples."""
    import face_recognition

    def loop(paths: Sequence[Path]) -> list[Boxes]:
        found = []
        for path in paths:
            image = face_recognition.load_image_file(str(path))
            places = face_recognition.face_locations(image)
            face_recognition.face_encodings(image, places)
            high, wide = image.shape[:2]
            found.append(
                [Box(left / wide, top / high, right / wide, bottom / high) for top, right, bottom, left in places]
            )
        return found

    return loop


def plain_insightface(folder: Path) -> Loop:
    """FaceAnalysis.get on cv2.imread, with the package's defaults and the CPU provider."""
    import cv2
    from insightface.app import FaceAnalysis

    with contextlib.redirect_stdout(io.StringIO()):
        app = FaceAnalysis(name=str(folder), providers=["CPUExecutionProvider"])
        app.prepare(ctx_id=-1)

    def loop(paths: Sequence[Path]) -> list[Boxes]:
        found = []
        for path in paths:
            image = cv2.imread(str(path))
            high, wide = image.shape[:2]
            faces = app.get(image)
            found.append([Box(*(face.bbox / (wide, high, wide, high)).tolist()) for face in faces])
        return found

    return loop


def our_engine(pack: str, data: Path) -> Loop:
    """As the pipeline does it: decoded in threads beside the engine."""
    from concurrent.futures import ThreadPoolExecutor

    engine = open_engine(pack, data_dir=None, models_dir=data / "models")
    decoders = ThreadPoolExecutor(2)

    def loop(paths: Sequence[Path]) -> list[Boxes]:
        looked = engine.look(list(decoders.map(decode, paths)), LIMITS)
        return [[] if isinstance(one, ItemError) else [face.box for face in one] for one in looked]

    return loop


def recall(sides: Sequence[Tally], judge: Sequence[Boxes], sizes: Sequence[tuple[int, int]]) -> tuple[int, list[int]]:
    """(faces that matter, how many of them each side found)."""
    total, found = 0, [0] * len(sides)
    for row, (wide, high) in enumerate(sizes):
        union: Boxes = []
        for box in (box for side in sides for box in side.boxes[row]):
            large = min(box.width * wide, box.height * high) >= MIN_FACE_PX
            real = any(same(box, other) for other in judge[row])
            if large and real and not any(same(box, other) for other in union):
                union.append(box)
        total += len(union)
        for at, side in enumerate(sides):
            found[at] += sum(any(same(box, other) for other in side.boxes[row]) for box in union)
    return total, found


def same(one: Box, other: Box) -> bool:
    return one.iou(other) > 0.3


def pictures(data: Path, limit: int) -> dict[str, list[Path]]:
    """Two folders of photographs: small press pictures, and larger photos of one to many people."""
    faces = data / "faces"
    small = sorted((faces / "lfw").rglob("*.jpg"))
    folders = ("face_recognition", "dlib", "bbt", "photoprism_face", "insightface_images")
    large = sorted(path for name in folders for path in (faces / name).rglob("*.jpg"))
    step = max(1, len(small) // max(1, limit))
    return {"LFW, 250 x 250": small[::step][:limit], "mixed photos": large[: limit or None]}


def compare(title: str, paths: Sequence[Path], plain: Loop, ours: Loop, judge: Loop | None) -> None:
    sides = [Tally(), Tally()]
    plain(paths[:1]), ours(paths[:SLICE])  # both warm
    for start in range(0, len(paths), SLICE):
        for side, loop in zip(sides, (plain, ours), strict=True):
            side.run(loop, paths[start : start + SLICE])
    sizes = [(one.width, one.height) for one in map(decode, paths)]
    real = (
        judge(paths)
        if judge is not None
        else [[*one, *other] for one, other in zip(*(s.boxes for s in sides), strict=True)]
    )
    total, found = recall(sides, real, sizes)
    rates = [len(paths) / side.wall_s for side in sides]
    cpu = [1000 * side.cpu_s / len(paths) for side in sides]
    print(
        f"{title:44} {rates[0]:7.2f} {rates[1]:7.2f} {rates[1] / rates[0]:6.2f}x {cpu[0]:7.0f} {cpu[1]:7.0f} "
        f"{cpu[0] / cpu[1]:5.2f}x   {found[0]}/{total} {found[1]}/{total}",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = (
        os.environ.get("COMPREFACE_TEST_DATA") or Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    )
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--pictures", type=int, default=100, help="per folder")
    parser.add_argument("--engines", default="", help="comma-separated; default: every one that is installed")
    options = parser.parse_args()
    if not (options.data / "faces").is_dir():
        print(f"no photographs in {options.data}: set COMPREFACE_TEST_DATA or --data")
        return 1
    packs = options.engines.split(",") if options.engines else installed_packs(None, options.data / "models")
    print(
        f"NumPy {np.__version__}, {os.cpu_count()} cores; pictures/s and CPU ms a picture: plain, ours, ratio; recall"
    )
    for name, paths in pictures(options.data, options.pictures).items():
        for pack in packs:
            light = pack in ("dlib", "light")  # nobody ships a plain loop for light: dlib's is the yardstick
            plain = plain_face_recognition() if light else plain_insightface(options.data / "models" / pack)
            others = [other for other in installed_packs(None, options.data / "models") if other != pack]
            judge = our_engine(others[0], options.data) if others else None
            compare(f"{pack}, {name} ({len(paths)})", paths, plain, our_engine(pack, options.data), judge)
    return 0


if __name__ == "__main__":
    sys.exit(main())
