"""Python helpers that fill the library and read its state back, past GraphQL."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import files
from .database import Row
from .library import Library

Id = str | int


class Filling:
    """Mixed into TestStash. Ids are text, as GraphQL gives them; numbers are accepted."""

    library: Library

    # filling

    def add_image(
        self,
        path: str | os.PathLike[str],
        *,
        title: str = "",
        zip_path: str | os.PathLike[str] | None = None,
        performers: Iterable[Id] = (),
        tags: Iterable[Id] = (),
        organized: bool = False,
        deleted: bool = False,
        **columns: Any,
    ) -> str:
        """An image file, or member `path` of the archive `zip_path`. `deleted` removes the row's file afterwards
        from the disk's point of view: the row points to a path that does not exist."""
        archive_id = self._archive(Path(zip_path)) if zip_path is not None else None
        found = files.look_at_image(Path(zip_path or path), os.fspath(path) if zip_path is not None else None)
        if deleted:
            found = files.Found(
                f"{found.path}.gone", f"{found.basename}.gone", found.size, found.mod_time, found.md5
            )
        db = self.library.db
        with db.transaction():
            file_id = self._visual_file(found, archive_id)
            made = self.library.insert(
                "image", {"title": title or None, "organized": int(organized), **columns}
            )
            self._own("image", made, file_id)
            self._link("image", made, performers, tags)
            if zip_path is not None:
                self._join_archive_gallery(made, archive_id)
        return str(made)

    def add_scanned_image(self, path: Path, inner: str | None) -> str | None:
        """As a scan does: a file whose content is known becomes a further file of that image (then None)."""
        found = files.look_at_image(path, inner)
        owner = self.library.db.column(
            "SELECT o.object_id FROM fingerprint p JOIN owned_file o ON o.file_id = p.file_id "
            "WHERE o.kind = 'image' AND p.type = 'md5' AND p.value = ?",
            [found.md5],
        )
        if not owner:
            return self.add_image(inner or path, zip_path=path if inner else None)
        archive_id = self._archive(path) if inner else None
        with self.library.db.transaction():
            file_id = self._visual_file(found, archive_id)
            self.library.db.run("INSERT INTO owned_file VALUES ('image', ?, ?, 1)", [owner[0], file_id])
            if inner:
                self._join_archive_gallery(owner[0], archive_id)
        return None

    def _visual_file(self, found: files.Found, archive_id: int | None) -> int:
        """Of an image: a GIF, even a still one, and a video are video files, unless they lie in an archive."""
        clip = archive_id is None and files.is_clip(found)
        more = files.clip_facts(found) if clip else {}
        kind = "video" if clip else "image"
        return files.add_file(self.library.db, kind, found, archive_id, {"md5": found.md5}, more)

    def _archive(self, path: Path) -> int:
        db = self.library.db
        known = db.row("SELECT id FROM file WHERE path = ?", [str(path)])
        if known:
            return int(known["id"])
        looked = files.look_at_image(path, None)
        found = files.Found(looked.path, looked.basename, looked.size, looked.mod_time, looked.md5)
        with db.transaction():
            made = files.add_file(db, "gallery", found, None, {"md5": found.md5}, {})
            gallery = self.library.insert("gallery", {})
            self._own("gallery", gallery, made)
        return made

    def _join_archive_gallery(self, image_id: int, archive_id: int | None) -> None:
        found = self.library.db.column(
            "SELECT object_id FROM owned_file WHERE kind = 'gallery' AND file_id = ?", [archive_id]
        )
        for gallery in found:
            self.library.relink("gallery", gallery, "image", [image_id], "ADD")

    def _own(self, kind: str, object_id: int, file_id: int) -> None:
        self.library.db.run("INSERT INTO owned_file VALUES (?, ?, ?, 0)", [kind, object_id, file_id])

    def _link(self, kind: str, object_id: int, performers: Iterable[Id], tags: Iterable[Id]) -> None:
        self.library.relink(kind, object_id, "performer", performers)
        self.library.relink(kind, object_id, "tag", tags)

    def add_scene(
        self,
        path: str | os.PathLike[str],
        *,
        title: str = "",
        performers: Iterable[Id] = (),
        tags: Iterable[Id] = (),
        **columns: Any,
    ) -> str:
        """A video file; facts come from ffprobe when there is one."""
        file = Path(path)
        looked = files.look_at_image(file, None)
        facts = files.video_facts(file) if file.exists() else {}
        prints = {"oshash": files.oshash(file)} if file.exists() else {}
        with self.library.db.transaction():
            file_id = files.add_file(self.library.db, "video", looked, None, prints, facts)
            made = self.library.insert("scene", {"title": title or None, **columns})
            self._own("scene", made, file_id)
            self._link("scene", made, performers, tags)
        return str(made)

    def add_gallery(
        self,
        images: Iterable[Id] = (),
        *,
        title: str = "",
        performers: Iterable[Id] = (),
        tags: Iterable[Id] = (),
        folder: str | os.PathLike[str] | None = None,
        **columns: Any,
    ) -> str:
        """A gallery of existing images; `folder` makes it a folder gallery."""
        with self.library.db.transaction():
            if folder is not None:
                columns["folder_id"] = files.folder_id(self.library.db, os.fspath(folder))
            made = self.library.insert("gallery", {"title": title or None, **columns})
            self.library.relink("gallery", made, "image", images)
            self._link("gallery", made, performers, tags)
        return str(made)

    def add_performer(
        self,
        name: str,
        image: bytes | None = None,
        *,
        aliases: Iterable[str] = (),
        disambiguation: str = "",
        tags: Iterable[Id] = (),
        custom_fields: Row | None = None,
        **columns: Any,
    ) -> str:
        """A performer; without `image` the server shows a placeholder."""
        with self.library.db.transaction():
            given = {"name": name, "disambiguation": disambiguation or None, "image": image, **columns}
            made = self.library.insert("performer", given)
            self.library.set_values("alias", "performer", made, aliases)
            self.library.set_custom_fields("performer", made, {"full": custom_fields or {}})
            self.library.relink("performer", made, "tag", tags)
        return str(made)

    def add_tag(
        self, name: str, *, aliases: Iterable[str] = (), parents: Iterable[Id] = (), **columns: Any
    ) -> str:
        """A tag below `parents`."""
        with self.library.db.transaction():
            made = self.library.insert("tag", {"name": name, **columns})
            self.library.set_values("alias", "tag", made, aliases)
            for parent in parents:
                self.library.db.run("INSERT INTO tag_parent VALUES (?, ?)", [made, int(parent)])
        return str(made)

    # changing what a person might change meanwhile

    def remove(self, kind: str, object_id: Id) -> None:
        """Destroys an image, scene, gallery, performer or tag."""
        with self.library.db.transaction():
            self.library.destroy(kind, object_id)

    def set_links(self, kind: str, object_id: Id, other: str, ids: Iterable[Id]) -> None:
        """Replaces e.g. the performers of an image: set_links('image', 3, 'performer', ['1'])."""
        with self.library.db.transaction():
            self.library.relink(kind, int(object_id), other, ids)

    def set_performer_image(self, performer_id: Id, image: bytes | None) -> None:
        """A new portrait, or none."""
        self.library.update("performer", int(performer_id), {"image": image})

    # reading back

    def links(self, kind: str, object_id: Id, other: str) -> list[str]:
        """Ids, e.g. links('image', 3, 'performer')."""
        return [str(i) for i in self.library.linked(kind, int(object_id), other)]

    def performers_of(self, image_id: Id, kind: str = "image") -> list[str]:
        """Performer names on an item, by name."""
        found = self.library.linked(kind, int(image_id), "performer")
        return [row["name"] for row in self.library.many("performer", found)]

    def tags_of(self, image_id: Id, kind: str = "image") -> list[str]:
        """Tag names on an item, by name."""
        return [
            row["name"] for row in self.library.many("tag", self.library.linked(kind, int(image_id), "tag"))
        ]

    def ids(self, kind: str) -> list[str]:
        """All ids of a kind, ascending."""
        return [str(i) for i in self.library.db.column(f"SELECT id FROM {kind} ORDER BY id")]

    def tag_id(self, name: str) -> str | None:
        """The id of exactly this tag name."""
        found = self.library.db.column("SELECT id FROM tag WHERE name = ?", [name])
        return str(found[0]) if found else None

    def performer_id(self, name: str) -> str | None:
        """The id of the first performer of exactly this name."""
        found = self.library.db.column("SELECT id FROM performer WHERE name = ? ORDER BY id", [name])
        return str(found[0]) if found else None

    def snapshot(self, *, times: bool = False) -> Row:
        """The whole library as plain values, for equality tests. `times` adds created_at and updated_at."""
        with self.library.db.lock:
            return {
                kind: {str(row["id"]): self._shown(kind, row, times) for row in self._rows(kind)}
                for kind in ("image", "gallery", "scene", "performer", "tag", "marker")
            }

    def _rows(self, kind: str) -> list[Row]:
        return self.library.db.rows(f"SELECT * FROM {kind} ORDER BY id")

    def _shown(self, kind: str, row: Row, times: bool) -> Row:
        library, own = self.library, row["id"]
        shown = {k: v for k, v in row.items() if times or k not in ("created_at", "updated_at")}
        if isinstance(shown.get("image"), bytes):
            shown["image"] = hashlib.sha256(shown["image"]).hexdigest()
        for other in ("performer", "tag", "gallery", "scene"):
            if (kind, other) in _SHOWN_LINKS:
                shown[f"{other}s"] = [str(i) for i in sorted(library.linked(kind, own, other))]
        if kind in ("performer", "tag"):
            shown["aliases"] = library.values("alias", kind, own)
        shown["urls"] = library.values("url", kind, own)
        shown["custom_fields"] = library.custom_fields(kind, own)
        shown["files"] = [file["path"] for file in library.files(kind, own)]
        return shown


_SHOWN_LINKS = {
    ("image", "performer"),
    ("image", "tag"),
    ("image", "gallery"),
    ("gallery", "performer"),
    ("gallery", "tag"),
    ("scene", "performer"),
    ("scene", "tag"),
    ("scene", "gallery"),
    ("performer", "tag"),
    ("marker", "tag"),
}
