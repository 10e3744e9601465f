"""Fetches a model pack: `python -m compreface_plugin.engine.install NAME [--accept] [--dest DIR]`.

The terms are shown and must be accepted first. What stands in its folder with the right hash is not fetched
again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from compreface_plugin.domain.errors import ModelUnavailable
from compreface_plugin.engine.download import fetch, sha256, unpack_models
from compreface_plugin.engine.models import PACKS, Download, ModelPack
from compreface_plugin.engine.places import shared_folder

MIRROR = "COMPREFACE_MIRROR"
"""Environment: an address that holds the files under their names, for machines that do not reach the origins."""
Report = Callable[[str, int, int], None]
"""(file name, bytes so far, bytes in all)."""


def install(
    name: str,
    accept_terms: bool,
    dest: Path,
    base_url: str | None = None,
    progress: Report | None = None,
) -> Path:
    """Fetches pack `name` into `dest`/`name` and returns that folder. Does nothing when it is complete.

    `base_url`, else COMPREFACE_MIRROR of the environment, replaces everything before the addresses' file names.
    The folder appears under its name only when it is complete. Raises ModelUnavailable, also when the terms are
    not accepted.
    """
    pack = PACKS.get(name)
    if pack is None:
        raise ModelUnavailable(f"There is no model pack {name!r}; known are {', '.join(PACKS)}.")
    if not accept_terms:
        raise ModelUnavailable(f"The terms of the model pack {name} were not accepted: {pack.terms.text}.")
    base_url = base_url or os.environ.get(MIRROR) or None
    folder = dest / name
    if is_complete(pack, folder):
        return folder
    staging = dest / f".{name}.incoming"
    try:
        staging.mkdir(parents=True, exist_ok=True)
        for download in pack.downloads:
            _fetch_one(download, staging, base_url, progress)
        _write_receipt(pack, staging)
        _move_in(staging, folder)
    except OSError as error:
        raise ModelUnavailable(f"The model pack {name} cannot be stored in {dest} ({error}).") from error
    return folder


RECEIPT = "origin.txt"
"""Stands in a pack's folder: where it came from, with which hash, under which terms."""


def is_complete(pack: ModelPack, folder: Path) -> bool:
    """Whether the pack was fetched into this folder: every single file is right, or the receipt names the
    archive."""
    receipt = folder / RECEIPT
    if any(download.name.endswith(".zip") for download in pack.downloads):
        if not receipt.is_file() or not list(folder.glob("*.onnx")):
            return False
        text = receipt.read_text("utf-8")
        return all(download.sha256 in text for download in pack.downloads)
    return all(
        (folder / download.name).is_file() and sha256(folder / download.name) == download.sha256
        for download in pack.downloads
    )


def _fetch_one(download: Download, staging: Path, base_url: str | None, progress: Report | None) -> None:
    target = staging / download.name
    if not target.is_file() or sha256(target) != download.sha256:
        url = download.url if base_url is None else f"{base_url.rstrip('/')}/{download.name}"
        told = None if progress is None else (lambda done, total: progress(download.name, done, total))
        fetch(download, target, url, told)
    if target.suffix == ".zip":
        if not unpack_models(target, staging):
            raise ModelUnavailable(f"{download.name} holds no model; nothing was installed.")
        target.unlink()


def _write_receipt(pack: ModelPack, folder: Path) -> None:
    lines = [
        f"{pack.name}: {pack.what}",
        f"licence: {pack.terms.licence}",
        pack.terms.text,
        f"source: {pack.terms.source}",
    ]
    lines += [f"{download.sha256}  {download.url}" for download in pack.downloads]
    (folder / RECEIPT).write_text("\n".join(lines) + "\n", "utf-8")


def _move_in(staging: Path, folder: Path) -> None:
    """The new folder takes the place of an incomplete old one."""
    if folder.exists():
        old = folder.with_name(f".{folder.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        folder.replace(old)
        staging.replace(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        staging.replace(folder)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. 0: installed; 1: not, with one sentence why; 2: wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m compreface_plugin.engine.install", description="Fetches a model pack."
    )
    parser.add_argument("name", choices=sorted(PACKS), help="which pack")
    parser.add_argument("--accept", "--accept-terms", action="store_true", help="the terms are accepted already")
    parser.add_argument("--dest", type=Path, default=None, help="models folder (default: %(default)s, the user's own)")
    parser.add_argument("--base-url", default=None, help="a mirror that holds the files under their names")
    options = parser.parse_args(arguments)
    pack = PACKS[options.name]
    dest = options.dest or shared_folder()
    _say(f"{pack.name}: {pack.what}, {pack.size / 1e6:.1f} MB from {pack.downloads[0].url.split('/')[2]}")
    _say(f"Terms ({pack.terms.licence}): {pack.terms.text}.")
    try:
        accepted = options.accept or is_complete(pack, dest / pack.name) or _ask()
        folder = install(pack.name, accepted, dest, options.base_url, _shown if sys.stderr.isatty() else None)
    except ModelUnavailable as error:
        _say(str(error))
        return 1
    _say(f"{pack.name} is installed in {folder}")
    return 0


def _ask() -> bool:
    if not sys.stdin.isatty():
        return False
    _say("Accept these terms? [y/N] ", end="")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _shown(name: str, done: int, total: int) -> None:
    _say(f"\r{name}: {done / 1e6:.1f} of {total / 1e6:.1f} MB", end="\n" if done >= total else "")


def _say(text: str, end: str = os.linesep) -> None:
    sys.stderr.write(text + end)
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
