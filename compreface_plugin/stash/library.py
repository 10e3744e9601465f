"""Stash as a library of performers, images, galleries, tags and jobs: questions in, frozen records out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import ServiceRefused
from compreface_plugin.stash import creating, documents, mapping
from compreface_plugin.stash.client import AnswerLost
from compreface_plugin.stash.patching import apply_patches
from compreface_plugin.stash.records import (
    GalleryRecord,
    ImageRecord,
    ImagesRead,
    Job,
    NewPerformer,
    Patch,
    PatchResult,
    PerformerRecord,
    PerformerUse,
    TagRecord,
)
from compreface_plugin.stash.scenes import Scenes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compreface_plugin.stash.client import StashClient

PERFORMERS_PER_PAGE = 500
IMAGES_PER_PAGE = 1000
_USES_AT_ONCE = 100
_IMAGES_AT_ONCE = 100
_REREADS = 3  # times a list is read again when it changed while it was read
_EXISTS = "already exists"
_WAITING = "READY"


class StashLibrary:
    """All questions of the plugin to Stash. Raises RunError as StashClient does; any thread may call."""

    def __init__(self, client: StashClient) -> None:
        self._client = client
        self.scenes = Scenes(client)

    # Performers

    def performers(self) -> list[PerformerRecord]:
        """Every performer, by id. Read again when performers came or went between two pages."""
        found: dict[str, PerformerRecord] = {}
        for _ in range(_REREADS):
            found, count = self._performers_once()
            if len(found) == count:
                break
        return list(found.values())

    def performer_names(self, ids: Sequence[str] | None = None) -> dict[str, str]:
        """Names by id, of all performers or of `ids`, by one request; those that are gone are absent."""
        if ids is None:
            data = self._client.execute(documents.PERFORMER_NAMES, {"filter": {"per_page": -1}})
            return {held["id"]: held["name"] for held in data["findPerformers"]["performers"]}
        if not ids:
            return {}
        variables = {f"i{n}": one for n, one in enumerate(ids)}
        some, _ = self._client.execute_partial(documents.performer_names(len(ids)), variables)
        return {held["id"]: held["name"] for held in some.values() if held}

    def performer_picture(self, performer: PerformerRecord) -> bytes:
        """The performer's own picture. Raises MediaUnavailable when this one cannot be had, RunError as get_bytes."""
        return self._client.get_bytes(performer.image_url)[0]

    def image_bytes(self, image: ImageRecord) -> bytes:
        """The original bytes of an image, over HTTP; out of archives too. Raises as `performer_picture`."""
        return self._client.get_bytes(image.image_url)[0]

    def performer_uses(self, performer_ids: Sequence[str]) -> dict[str, PerformerUse]:
        """Performers and what hangs on them, by id, a hundred by one request; those that are gone are absent."""
        found: dict[str, PerformerUse] = {}
        for start in range(0, len(performer_ids), _USES_AT_ONCE):
            variables = {f"i{n}": one for n, one in enumerate(performer_ids[start : start + _USES_AT_ONCE])}
            held = self._client.execute(documents.performer_uses(len(variables)), variables)
            found.update((one["id"], mapping.performer_use(one)) for one in held.values() if one)
        return found

    def performer_use(self, performer_id: str) -> PerformerUse | None:
        """One of them; None when it is gone."""
        return self.performer_uses([performer_id]).get(performer_id)

    def performers_named(self, name: str) -> list[PerformerRecord]:
        """The performers of exactly this name; several may differ in their disambiguation."""
        return creating.performers_named(self._client, [name])[name]

    def performers_create(self, wanted: Sequence[NewPerformer]) -> list[PerformerRecord]:
        """Makes performers, in order; see creating.create_performers."""
        return creating.create_performers(self._client, wanted)

    def performer_destroy(self, performer_id: str) -> bool:
        """Removes a performer. False when it was gone already."""
        if self.performer_use(performer_id) is None:
            return False
        self._client.execute(documents.PERFORMER_DESTROY, {"input": {"id": performer_id}})
        return True

    # Images and galleries

    def image_page(
        self,
        after: int,
        per_page: int,
        *,
        with_tag: str | None = None,
        without_tag: str | None = None,
        gallery_id: int | None = None,
    ) -> list[ImageRecord]:
        """The next images by ascending id, whole: a page starts behind the last id and not at a number of rows, so
        nothing is skipped when images leave or come. `with_tag`, `without_tag`: exactly this tag, no descendants.

        One that Stash cannot read would cost the whole page: then they are read one by one, and it has its `trouble`.
        """
        variables = {
            "image_filter": {**_above(after), **mapping.tagged(with_tag, without_tag), **_inside(gallery_id)},
            "filter": {"per_page": per_page, "sort": "id", "direction": "ASC"},
        }
        try:
            data = self._client.execute(documents.image_page(self._client.features), variables)
        except ServiceRefused as refusal:
            held = self._client.execute(documents.IMAGE_IDS, variables)["findImages"]["images"]
            return self._one_by_one([int(one["id"]) for one in held], refusal)
        return [mapping.image(held) for held in data["findImages"]["images"]]

    def _one_by_one(self, image_ids: Sequence[int], refusal: ServiceRefused) -> list[ImageRecord]:
        """In order. Raises the refusal when Stash can read none of them."""
        records, troubles = list[ImageRecord](), dict[int, str]()
        for start in range(0, len(image_ids), _IMAGES_AT_ONCE):
            read = self.images(image_ids[start : start + _IMAGES_AT_ONCE])
            records += read.records
            troubles.update(read.failed)
        if len(troubles) == len(image_ids) > 1:
            raise refusal
        records += [ImageRecord(one, "", (), (), (), (), False, "", words) for one, words in troubles.items()]
        return sorted(records, key=lambda record: record.id)

    def image_count(self, *, without_tag: str | None = None) -> int:
        """How many images there are."""
        variables = {"image_filter": mapping.tagged(None, without_tag), "filter": {"per_page": 0}}
        return int(self._client.execute(documents.IMAGE_COUNT, variables)["findImages"]["count"])

    def gallery_image_ids(self, gallery_id: int, per_page: int = IMAGES_PER_PAGE) -> list[int]:
        """The images of a gallery, ascending; pages as in `image_page`."""
        found: list[int] = []
        paging = {"per_page": per_page, "sort": "id", "direction": "ASC"}
        while True:
            variables = {"image_filter": {**_inside(gallery_id), **_above(found[-1] if found else 0)}, "filter": paging}
            held = self._client.execute(documents.IMAGE_IDS, variables)["findImages"]["images"]
            found += [int(image["id"]) for image in held]
            if len(held) < per_page:
                return found

    def images(self, ids: Sequence[int]) -> ImagesRead:
        """One batch and the jobs that wait, by one request; none for no ids. `ids` without doubles."""
        if not ids:
            return ImagesRead((), (), (), ())
        document = documents.images(len(ids), self._client.features)
        data, errors = self._client.execute_partial(document, {f"i{n}": str(one) for n, one in enumerate(ids)})
        held = [(one, f"i{n}") for n, one in enumerate(ids)]
        return ImagesRead(
            records=tuple(mapping.image(data[alias]) for _, alias in held if data.get(alias)),
            missing=tuple(one for one, alias in held if not data.get(alias) and alias not in errors),
            failed=tuple((one, errors[alias]) for one, alias in held if alias in errors),
            waiting=_waiting(data.get("jobQueue")),
        )

    def gallery(self, gallery_id: int) -> GalleryRecord | None:
        """A gallery; None when it is gone."""
        held = self._client.execute(documents.GALLERY, {"id": str(gallery_id)})["findGallery"]
        return mapping.gallery(held) if held else None

    def gallery_sizes(self, gallery_ids: Sequence[int]) -> dict[int, int]:
        """How many images galleries have, by id, a hundred by one request; those that are gone are absent."""
        found: dict[int, int] = {}
        for start in range(0, len(gallery_ids), _USES_AT_ONCE):
            variables = {f"i{n}": str(one) for n, one in enumerate(gallery_ids[start : start + _USES_AT_ONCE])}
            held = self._client.execute(documents.gallery_sizes(len(variables)), variables)
            found.update((int(one["id"]), int(one["image_count"])) for one in held.values() if one)
        return found

    # Tags

    def tag(self, tag_id: str) -> TagRecord | None:
        """A tag by its id; None when it is gone."""
        held = self._client.execute(documents.TAG, {"id": tag_id})["findTag"]
        return mapping.tag(held) if held else None

    def tag_use(self, tag_id: str) -> int | None:
        """How many things carry a tag; None when it is gone."""
        held = self._client.execute(documents.TAG_USE, {"id": tag_id})["findTag"]
        return sum(int(count) for count in held.values()) if held else None

    def tag_named(self, name: str) -> TagRecord | None:
        """The tag of this name, otherwise the one with this alias; upper and lower case are the same."""
        like = {"value": name, "modifier": "EQUALS"}  # LIKE in Stash: a superset, picked out below
        variables = {"by_name": {"name": like}, "by_alias": {"aliases": like}, "filter": {"per_page": -1}}
        data = self._client.execute(documents.TAGS_LIKE, variables)
        wanted = name.casefold()
        for record in map(mapping.tag, data["by_name"]["tags"]):
            if record.name.casefold() == wanted:
                return record
        for record in map(mapping.tag, data["by_alias"]["tags"]):
            if any(alias.casefold() == wanted for alias in record.aliases):
                return record
        return None

    def tag_get_or_create(self, name: str) -> TagRecord:
        """The tag of this name or alias, made when there is none. Two at once make one."""
        name = name.strip()
        found = self.tag_named(name)
        if found is not None:
            return found
        try:
            data = self._client.execute(documents.TAG_CREATE, {"input": {"name": name}}, repeatable=False)
        except (AnswerLost, ServiceRefused) as error:
            found = self.tag_named(name)  # somebody was quicker, or the answer alone was lost
            if found is not None:
                return found
            raise ServiceRefused(
                f"Stash refused to make the tag {name!r} ({error}); choose another name in the settings."
            ) from error
        return mapping.tag(data["tagCreate"], created=True)

    def tag_destroy(self, tag_id: str) -> bool:
        """Removes a tag. False when it was gone already."""
        if self.tag(tag_id) is None:
            return False
        self._client.execute(documents.TAG_DESTROY, {"input": {"id": tag_id}})
        return True

    # Writing and jobs

    def apply(self, patches: Sequence[Patch]) -> list[PatchResult]:
        """Adds and removes values in lists; see patching.apply_patches."""
        return apply_patches(self._client, patches)

    def jobs(self) -> tuple[Job, ...]:
        """Stash's queue, the running job first."""
        return tuple(mapping.job(held) for held in self._client.execute(documents.JOBS)["jobQueue"] or ())

    def waiting_jobs(self) -> tuple[Job, ...]:
        """The jobs behind the running one."""
        return tuple(job for job in self.jobs() if job.status == _WAITING)

    def scan(self, paths: Sequence[str]) -> str:
        """Queues a scan of folders and does not wait for it. Returns the job's id."""
        data = self._client.execute(documents.METADATA_SCAN, {"input": {"paths": list(paths)}}, repeatable=False)
        return str(data["metadataScan"])

    def settings_held(self, plugin_id: str) -> dict[str, object]:
        """The settings of a plugin as Stash holds them now; empty when nothing was set."""
        data = self._client.execute(documents.PLUGIN_SETTINGS, {"plugins": [plugin_id]})
        return dict((data["configuration"]["plugins"] or {}).get(plugin_id) or {})

    def change_setting(self, plugin_id: str, key: str, value: object) -> None:
        """Sets one setting of a plugin, or removes it (None), and leaves the others. Stash replaces the whole map, so
        it is read right before."""
        held = {name: each for name, each in {**self.settings_held(plugin_id), key: value}.items() if each is not None}
        self._client.execute(documents.CONFIGURE_PLUGIN, {"plugin_id": plugin_id, "input": held})

    def run_plugin_task(
        self, plugin_id: str, task_name: str | None, args_map: Mapping[str, object], description: str
    ) -> str:
        """Puts a task of a plugin at the end of Stash's queue, once. Returns the job's id."""
        variables = {
            "plugin_id": plugin_id,
            "task_name": task_name,
            "description": description,
            # Stash reads 1e-05 as 0; as text it stays what it is.
            "args_map": {key: str(held) if isinstance(held, float) else held for key, held in args_map.items()},
        }
        known = {job.id for job in self.jobs()}
        try:
            data = self._client.execute(documents.RUN_PLUGIN_TASK, variables, repeatable=False)
        except AnswerLost:
            for job in self.jobs():
                if job.id not in known and description in job.description:
                    return job.id
            data = self._client.execute(documents.RUN_PLUGIN_TASK, variables, repeatable=False)
        return str(data["runPluginTask"])

    def _performers_once(self) -> tuple[dict[str, PerformerRecord], int]:
        found: dict[str, PerformerRecord] = {}
        page, count = 1, 0
        while True:
            paging = {"page": page, "per_page": PERFORMERS_PER_PAGE, "sort": "id", "direction": "ASC"}
            data = self._client.execute(documents.PERFORMERS, {"filter": paging})["findPerformers"]
            records = [mapping.performer(held) for held in data["performers"]]
            found.update((record.id, record) for record in records)
            count = int(data["count"])
            if len(records) < PERFORMERS_PER_PAGE:
                return found, count
            page += 1


def _inside(gallery_id: int | None) -> dict[str, Any]:
    return {"galleries": {"value": [str(gallery_id)], "modifier": "INCLUDES"}} if gallery_id is not None else {}


def _above(after: int) -> dict[str, Any]:
    return {"id": {"value": after, "modifier": "GREATER_THAN"}}


def _waiting(queue: Sequence[Mapping[str, Any]] | None) -> tuple[Job, ...]:
    return tuple(job for job in map(mapping.job, queue or ()) if job.status == _WAITING)
