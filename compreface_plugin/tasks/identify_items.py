"""identifyItems and identifyGallery: images, scenes and galleries named by their ids, worked off as one run.

What came of each stands in the store (`run_items`), committed together with its faces: a run that was killed goes on
with what still waits, and `runStatus` tells of every item.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.records import Kind, ListedState
from compreface_plugin.pipeline.findings import ImageFinder
from compreface_plugin.pipeline.image_batch import ImageBatches, PagePlan
from compreface_plugin.pipeline.image_pages import PAGE as GALLERY_PAGE
from compreface_plugin.pipeline.opening import judge_of_run, open_run
from compreface_plugin.pipeline.people import make_some
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.scene_findings import SceneFinder
from compreface_plugin.pipeline.scene_work import SceneWork
from compreface_plugin.pipeline.settling import Settler
from compreface_plugin.tasks.gallery_conclusion import conclude
from compreface_plugin.tasks.gallery_people import faces_in, gallery_result
from compreface_plugin.tasks.runs import listed_view
from compreface_plugin.values import bool_arg, float_arg, ids_arg, int_arg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compreface_plugin.domain.records import Listed, StoredFace
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.item_finding import ItemFinding

ASSOCIATE, CREATE = "associateExisting", "createPerformer"
LISTS = {"imageIds": Kind.IMAGE, "sceneIds": Kind.SCENE, "galleryIds": Kind.GALLERY}
MOST = 5000  # items in one list: it is kept with the run, and with the job in Stash's queue
PAGE = 100  # items read in one request

Times = dict[tuple[Kind, int], int]


def identify_items(context: Context) -> dict[str, Any]:
    """Arguments: imageIds, sceneIds, galleryIds, at least one id in all; tagImages, minSimilarity, associateExisting
    and createPerformer as for `identify_gallery`; useSprites (scenes by Stash's preview pictures).

    An id that is named twice is looked at once, and one that Stash does not have is said in its state; neither ends the
    run. Answers with `items` as `runStatus` does.
    """
    times: Times = Counter((kind, item_id) for name, kind in LISTS.items() for item_id in ids_arg(context.args, name))
    if not 0 < len(times) <= MOST:
        raise SettingsError(
            f"The arguments {', '.join(LISTS)} name {len(times)} items together; allowed are 1 to {MOST}."
        )
    result = execute(context, "identifyItems", partial(_identify, context, times))
    return {**result, "items": listed_view(context, result["runId"])}


def identify_gallery(context: Context) -> dict[str, Any]:
    """Arguments: galleryId, tagImages (the images get people and tags too), minSimilarity, associateExisting (true;
    false: existing performers are only looked for, not written), createPerformer (groups of `minFacesPerPerson` unknown
    faces of its images become performers). Without both nothing is written to Stash.

    The result stays readable by `galleryResult`, since Stash throws a task's result away.
    """
    gallery_id = int_arg(context.args, "galleryId", 0, minimum=1)
    if context.library.gallery(gallery_id) is None:
        raise SettingsError(f"The argument galleryId is {gallery_id}, and Stash has no such gallery.")
    one = {(Kind.GALLERY, gallery_id): 1}
    return {**execute(context, "identifyGallery", partial(_identify, context, one)), **gallery_result(context)}


def _identify(context: Context, times: Times, run: ActiveRun) -> None:
    with context.store.transaction():
        context.store.run_items.begin(run.run_id, times)
    _ListWork(context, run).work()


class _ListWork:
    """The items of one run that still wait: images, then scenes, then galleries."""

    def __init__(self, context: Context, run: ActiveRun) -> None:
        args = context.args
        self._context, self._run, self._items = context, run, context.store.run_items
        self._associate, self._create = bool_arg(args, ASSOCIATE, True), bool_arg(args, CREATE)
        self._tag_images = bool_arg(args, "tagImages")
        self._opened = open_run(context, run, write=self._associate or self._create)
        similarity = float_arg(args, "minSimilarity", context.settings.min_similarity)
        self._judge = judge_of_run(context, run, self._opened, min_similarity=similarity)
        self._finder = ImageFinder(context, self._judge)

    def work(self) -> None:
        """Raises Cancelled or GaveWay between batches, RunError when nothing goes on."""
        galleries = self._galleries()
        self._images()
        self._scenes()
        for gallery in galleries:
            self._look_into(gallery, last=gallery is galleries[-1])
            if not self._create:
                self._conclude(gallery, self._opened.names)
        if self._create:
            self._make_people()
            names = self._context.library.performer_names()
            for number, gallery in enumerate(self._waiting(Kind.GALLERY)):
                if number:
                    self._run.between(computed=False)
                self._conclude(gallery, names)

    def _waiting(self, kind: Kind) -> list[Listed]:
        return self._items.waiting(self._run.run_id, kind)

    def _galleries(self) -> list[Listed]:
        """Those that are there. Says how much there is to be looked at: a gallery counts by its images."""
        waiting = self._waiting(Kind.GALLERY)
        sizes = self._context.library.gallery_sizes([gallery.item_id for gallery in waiting])
        missing = [gallery.item_id for gallery in waiting if gallery.item_id not in sizes]
        self._not_there(Kind.GALLERY, missing)
        self._run.set_total(sum(sizes.values()) + len(self._waiting(Kind.IMAGE)) + len(self._waiting(Kind.SCENE)))
        return [gallery for gallery in waiting if gallery.item_id in sizes]

    # images and scenes ------------------------------------------------------------------------------------------------

    def _images(self) -> None:
        context, waiting = self._context, [each.item_id for each in self._waiting(Kind.IMAGE)]
        more = bool(self._waiting(Kind.SCENE) or self._waiting(Kind.GALLERY))
        keep = self._finder.keep
        settler = Settler(context, self._run, self._opened, keep, look_only=not self._associate, note=self._settled)
        batches = ImageBatches(context, self._run, self._finder, settler)
        for start in range(0, len(waiting), PAGE):
            ids = waiting[start : start + PAGE]
            read = context.library.images(ids)
            self._not_there(Kind.IMAGE, read.missing, dict(read.failed))
            page = sorted(read.records, key=lambda image: image.id)
            if page:
                last = start + PAGE >= len(waiting) and not more
                batches.work(PagePlan(page, page, context.store.items.states(Kind.IMAGE, ids), last=last))

    def _scenes(self) -> None:
        context, waiting = self._context, [each.item_id for each in self._waiting(Kind.SCENE)]
        if not waiting:
            return
        more = bool(self._waiting(Kind.GALLERY))
        finder = SceneFinder(context, self._judge, sprites=bool_arg(context.args, "useSprites"))
        settler = Settler(
            context, self._run, self._opened, finder.keep, look_only=not self._associate, note=self._settled
        )
        work = SceneWork(context, self._run, finder, settler)
        for start in range(0, len(waiting), PAGE):
            ids = waiting[start : start + PAGE]
            scenes, unread = context.library.scenes.read(ids)
            missing = set(ids) - {scene.id for scene in scenes} - unread.keys()
            self._not_there(Kind.SCENE, sorted(missing), unread)
            states = context.store.items.states(Kind.SCENE, ids)
            for scene in scenes:
                work.one(scene, states)
                if more or scene is not scenes[-1] or start + PAGE < len(waiting):
                    self._run.between(computed=work.computed)

    def _settled(self, finding: ItemFinding) -> None:
        """Inside the transaction that stores an image or scene."""
        failed = ListedState.SKIPPED if finding.skipped else ListedState.FAILED
        state = ListedState.DONE if finding.error is None else failed
        self._items.settle(self._run.run_id, finding.kind, finding.item.id, state, str(finding.error or ""))

    def _not_there(self, kind: Kind, missing: Sequence[int], unread: Mapping[int, str] | None = None) -> None:
        """Items that Stash does not have, and with its words those that it cannot read."""
        words = {item_id: f"Stash cannot read it ({said})" for item_id, said in (unread or {}).items()}
        reasons = {**dict.fromkeys(missing, f"Stash has no such {kind.value}"), **words}
        if not reasons:
            return
        for item_id, reason in reasons.items():
            self._context.log.warning(f"{kind.value} {item_id}: {reason}")

        def write() -> None:
            for item_id, reason in reasons.items():
                self._items.settle(self._run.run_id, kind, item_id, ListedState.FAILED, reason)

        seen = 0 if kind is Kind.GALLERY else len(reasons)  # galleries count by their images
        self._run.commit(
            write,
            cursor=self._run.cursor,
            counts={"seen": seen, "failed": len(reasons)},
            items=0,
            reasons=Counter({"failed gone": len(missing)}) + Counter({"failed unavailable": len(words)}),
        )

    # galleries --------------------------------------------------------------------------------------------------------

    def _look_into(self, gallery: Listed, *, last: bool) -> None:
        """At the images behind the last one that was looked at."""
        context, gallery_id, after = self._context, gallery.item_id, gallery.cursor
        note, written = partial(self._looked, gallery_id), self._associate and self._tag_images
        keep = self._finder.keep
        settler = Settler(context, self._run, self._opened, keep, look_only=not written, note=note)
        batches = ImageBatches(context, self._run, self._finder, settler)
        while page := context.library.image_page(after, GALLERY_PAGE, gallery_id=gallery_id):
            after = page[-1].id
            states = context.store.items.states(Kind.IMAGE, [image.id for image in page])
            ends = len(page) < GALLERY_PAGE
            batches.work(PagePlan(page, page, states, last=last and ends))
            if ends:
                break

    def _looked(self, gallery_id: int, finding: ItemFinding) -> None:
        failed = finding.error is not None and not finding.skipped
        self._items.advance(self._run.run_id, gallery_id, finding.item.id, failed=failed)

    def _conclude(self, gallery: Listed, names: Mapping[str, str]) -> None:
        context, run = self._context, self._run
        now = context.library.gallery(gallery.item_id)
        if now is None:
            self._not_there(Kind.GALLERY, [gallery.item_id])
            return
        failed = self._items.failed(run.run_id, gallery.item_id)
        tags = self._opened.tags if self._associate or self._create else None
        conclude(context, run, now, failed, tags, names, only_new=not self._associate)

    # new people -------------------------------------------------------------------------------------------------------

    def _make_people(self) -> None:
        """Of the unknown faces of all items together. The images of galleries are changed with tagImages alone."""
        context, model_id = self._context, self._context.engine.info.model_id
        named: dict[Kind, list[int]] = {kind: [] for kind in LISTS.values()}
        for each in self._items.page(self._run.run_id, MOST):
            named[each.kind].append(each.item_id)
        faces: list[StoredFace] = []
        for kind in (Kind.IMAGE, Kind.SCENE):
            held = context.store.faces.of_items(kind, named[kind], model_id)
            faces += [face for some in held.values() for face in some]
        changed = {(face.kind, face.item_id) for face in faces}
        for gallery_id in named[Kind.GALLERY]:
            inside = [face for some in faces_in(context, gallery_id).values() for face in some]
            faces += inside
            changed |= {(face.kind, face.item_id) for face in inside} if self._tag_images else set()
        ids = list(dict.fromkeys(face.face_id for face in faces))
        least = context.settings.min_faces_per_person
        make_some(context, self._run, self._opened.tags, ids, least=least, on_items=changed)
