"""What Stash knows, as frozen values. Items have whole numbers for ids, tags and performers their text, as
Stash does.

`image_url` is as Stash returned it; StashClient.get_bytes takes it as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

PatchKind = Literal["image", "gallery", "performer", "scene"]
PatchField = Literal["tag_ids", "performer_ids", "gallery_ids", "alias_list"]
PatchMode = Literal["ADD", "REMOVE"]


class ItemRecord(Protocol):
    """What images, scenes and galleries have in common."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def tag_ids(self) -> tuple[str, ...]: ...
    @property
    def performer_ids(self) -> tuple[str, ...]: ...


class ScannedRecord(ItemRecord, Protocol):
    """An item with a file of its own: an image or a scene."""

    @property
    def fingerprint(self) -> str: ...
    @property
    def trouble(self) -> str: ...


@dataclass(frozen=True, slots=True)
class PerformerRecord:
    id: str
    name: str
    disambiguation: str
    aliases: tuple[str, ...]
    image_url: str
    has_own_image: bool  # False: Stash shows a placeholder
    updated: str  # RFC 3339, as Stash has it
    gender: str | None = None


@dataclass(frozen=True, slots=True)
class NewPerformer:
    """Somebody to be made in Stash."""

    name: str
    picture: bytes | None = None  # JPEG
    gender: str | None = None


@dataclass(frozen=True, slots=True)
class PerformerUse:
    """What hangs on a performer, to tell one that nobody touched."""

    record: PerformerRecord
    images: int
    scenes: int
    galleries: int
    tag_ids: tuple[str, ...]
    edited: bool  # changed since it was made; or has a rating, details, addresses, a favourite mark, stash-box ids


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file of an item. `path` is Stash's; inside an archive it is no path that can be opened."""

    path: str
    size: int
    mod_time: str
    md5: str  # empty when Stash has not made one
    width: int
    height: int
    is_video: bool
    in_archive: bool
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ImageRecord:
    id: int
    title: str
    files: tuple[FileRecord, ...]  # primary first; may be empty
    tag_ids: tuple[str, ...]
    performer_ids: tuple[str, ...]
    gallery_ids: tuple[str, ...]
    organized: bool
    image_url: str
    trouble: str = ""  # why Stash could tell nothing of it but its id

    @property
    def name(self) -> str:
        """For log lines: the title, otherwise the file's name, otherwise the id."""
        path = self.files[0].path if self.files else ""
        return self.title or path.replace("\\", "/").rsplit("/", 1)[-1] or f"image {self.id}"

    @property
    def fingerprint(self) -> str:
        """Changes when the bytes do: the MD5 sum of the primary file, else its size and date; empty without a file."""
        if not self.files:
            return ""
        first = self.files[0]
        return first.md5 or f"{first.size} {first.mod_time}"

    @property
    def is_clip(self) -> bool:
        """Whether it is a video filed as image."""
        return bool(self.files) and self.files[0].is_video

    @property
    def is_gif(self) -> bool:
        """A clip that is a picture too, where nothing but its bytes is to be had."""
        return bool(self.files) and self.files[0].path.lower().endswith(".gif")

    @property
    def duration_s(self) -> float:
        """Of a clip, as Stash knows it; 0 when it does not, and of a picture."""
        return self.files[0].duration_s if self.files else 0.0

    @property
    def megapixels(self) -> float:
        """Of the primary file, as Stash knows it; 0 when it does not."""
        return self.files[0].width * self.files[0].height / 1e6 if self.files else 0.0


@dataclass(frozen=True, slots=True)
class GalleryRecord:
    id: int
    title: str
    tag_ids: tuple[str, ...]
    performer_ids: tuple[str, ...]
    image_count: int
    organized: bool

    @property
    def name(self) -> str:
        return self.title or f"gallery {self.id}"


@dataclass(frozen=True, slots=True)
class MarkerRecord:
    """A marker of a scene. `tag_ids`: beside the primary one."""

    id: str
    scene_id: str
    title: str
    seconds: float
    end_seconds: float | None
    primary_tag_id: str
    tag_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewMarker:
    """A marker to be made."""

    scene_id: str
    title: str
    seconds: float
    end_seconds: float
    primary_tag_id: str


@dataclass(frozen=True, slots=True)
class TagRecord:
    id: str
    name: str
    aliases: tuple[str, ...] = ()
    created: bool = False  # made by this call


@dataclass(frozen=True, slots=True)
class Job:
    id: str
    status: str  # READY RUNNING FINISHED STOPPING CANCELLED FAILED
    description: str
    progress: float | None = None


@dataclass(frozen=True, slots=True)
class ImagesRead:
    """One batch as Stash has it now. `waiting` are the jobs that stand in Stash's queue behind the running
    one.
    """

    records: tuple[ImageRecord, ...]  # in the order asked for
    missing: tuple[int, ...]  # deleted since
    failed: tuple[tuple[int, str], ...]  # Stash could not read them, and why
    waiting: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """Values to add to, or remove from, one list of each of `ids`. Doing it twice changes nothing.

    The texts of ids are taken as they are; tag_ids, performer_ids and gallery_ids take ids, alias_list takes
    names.
    """

    kind: PatchKind
    ids: tuple[str, ...]
    field: PatchField
    mode: PatchMode
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PatchFailure:
    id: str
    value: str
    message: str  # Stash's words


@dataclass(frozen=True, slots=True)
class PatchResult:
    """What became of a patch. Everything that is not among the failures is in Stash now."""

    patch: Patch
    failures: tuple[PatchFailure, ...] = field(default=())

    @property
    def ok(self) -> bool:
        return not self.failures
