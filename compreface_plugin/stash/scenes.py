"""Scenes of Stash: questions in, frozen records out. Writing goes the way of all lists: `StashLibrary.apply`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import ServiceRefused
from compreface_plugin.stash.mapping import ids, tagged
from compreface_plugin.stash.records import MarkerRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compreface_plugin.stash.client import StashClient
    from compreface_plugin.stash.records import NewMarker

_SCENE = (
    "id title organized tags { id } performers { id } paths { sprite vtt } "
    "files { path size mod_time width height duration fingerprints { type value } }"
)
SCENE_PAGE = f"""
query ScenePage($scene_filter: SceneFilterType, $filter: FindFilterType) {{
  findScenes(scene_filter: $scene_filter, filter: $filter) {{ scenes {{ {_SCENE} }} }}
}}
"""
SCENE_IDS = """
query SceneIds($scene_filter: SceneFilterType, $filter: FindFilterType) {
  findScenes(scene_filter: $scene_filter, filter: $filter) { scenes { id } }
}
"""
SCENE_COUNT = """
query SceneCount($scene_filter: SceneFilterType, $filter: FindFilterType) {
  findScenes(scene_filter: $scene_filter, filter: $filter) { count }
}
"""

MARKERS_DESTROY = """
mutation MarkersDestroy($ids: [ID!]!) { sceneMarkersDestroy(ids: $ids) }
"""
_MARKERS_OF = "id scene_markers { id title seconds end_seconds primary_tag { id } tags { id } }"
AT_ONCE = 50  # scenes, or markers, in one request of theirs


@dataclass(frozen=True, slots=True)
class VideoFileRecord:
    path: str  # Stash's
    size: int
    mod_time: str
    oshash: str  # of size, beginning and end; empty when Stash has not made one
    width: int
    height: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class SceneRecord:
    id: int
    title: str
    files: tuple[VideoFileRecord, ...]  # primary first; may be empty
    tag_ids: tuple[str, ...]
    performer_ids: tuple[str, ...]
    organized: bool
    sprite_url: str
    vtt_url: str
    trouble: str = ""  # why Stash could tell nothing of it but its id

    @property
    def name(self) -> str:
        """For log lines: the title, otherwise the file's name, otherwise the id."""
        path = self.files[0].path if self.files else ""
        return self.title or path.replace("\\", "/").rsplit("/", 1)[-1] or f"scene {self.id}"

    @property
    def fingerprint(self) -> str:
        """Changes when the bytes do; empty without a file."""
        if not self.files:
            return ""
        first = self.files[0]
        return first.oshash or f"{first.size} {first.mod_time}"

    @property
    def duration_s(self) -> float:
        """Of the primary file, as Stash knows it; 0 when it does not."""
        return self.files[0].duration_s if self.files else 0.0


class Scenes:
    """Raises RunError as StashClient does."""

    def __init__(self, client: StashClient) -> None:
        self._client = client

    def page(
        self, *, after: int, per_page: int, with_tag: str | None = None, without_tag: str | None = None
    ) -> list[SceneRecord]:
        """The next scenes by ascending id, behind the id `after`; `with_tag`, `without_tag`: exactly this tag.

        One that Stash cannot read would cost the whole page: then they are read one by one, and it has its `trouble`.
        """
        variables = {
            "scene_filter": {"id": {"value": after, "modifier": "GREATER_THAN"}, **tagged(with_tag, without_tag)},
            "filter": {"per_page": per_page, "sort": "id", "direction": "ASC"},
        }
        try:
            return [scene(held) for held in self._client.execute(SCENE_PAGE, variables)["findScenes"]["scenes"]]
        except ServiceRefused as refusal:
            held = self._client.execute(SCENE_IDS, variables)["findScenes"]["scenes"]
            return self._one_by_one([int(one["id"]) for one in held], refusal)

    def _one_by_one(self, scene_ids: Sequence[int], refusal: ServiceRefused) -> list[SceneRecord]:
        """In order. Raises the refusal when Stash can read none of them."""
        records, troubles = list[SceneRecord](), dict[int, str]()
        for start in range(0, len(scene_ids), AT_ONCE):
            found, failed = self.read(scene_ids[start : start + AT_ONCE])
            records += found
            troubles |= failed
        if len(troubles) == len(scene_ids) > 1:
            raise refusal
        records += [SceneRecord(one, "", (), (), (), False, "", "", words) for one, words in troubles.items()]
        return sorted(records, key=lambda record: record.id)

    def count(self, *, without_tag: str | None = None) -> int:
        """How many scenes there are."""
        variables = {"scene_filter": tagged(None, without_tag), "filter": {"per_page": 0}}
        return int(self._client.execute(SCENE_COUNT, variables)["findScenes"]["count"])

    def some(self, scene_ids: Sequence[int]) -> list[SceneRecord]:
        """Those of the scenes that Stash has, in the order asked for. `scene_ids` without doubles.

        Raises ServiceRefused when Stash cannot tell about one: it is neither there nor gone."""
        found, failed = self.read(scene_ids)
        for scene_id, words in failed.items():
            raise ServiceRefused(f"Stash could not read the scene {scene_id} ({words}); start the task again")
        return found

    def read(self, scene_ids: Sequence[int]) -> tuple[list[SceneRecord], dict[int, str]]:
        """Those of the scenes that Stash has, in the order asked for, and by id its words about those that it cannot
        tell about. `scene_ids` without doubles."""
        if not scene_ids:
            return [], {}
        variables = ", ".join(f"$i{n}: ID!" for n in range(len(scene_ids)))
        fields = "\n".join(f"  i{n}: findScene(id: $i{n}) {{ ...scene }}" for n in range(len(scene_ids)))
        document = f"query Scenes({variables}) {{\n{fields}\n}}\nfragment scene on Scene {{ {_SCENE} }}\n"
        given = {f"i{n}": str(one) for n, one in enumerate(scene_ids)}
        data, errors = self._client.execute_partial(document, given)
        names = [f"i{n}" for n in range(len(scene_ids))]
        found = [scene(data[name]) for name in names if name not in errors and data.get(name)]
        return found, {int(given[name]): errors[name] for name in names if name in errors}

    def markers(self, scene_ids: Sequence[int]) -> tuple[list[MarkerRecord], dict[int, str]]:
        """The markers of these scenes, those of scenes that are gone left out, and by id Stash's words about scenes
        that it cannot tell about. `scene_ids` without doubles."""
        found: list[MarkerRecord] = []
        failed: dict[int, str] = {}
        for start in range(0, len(scene_ids), AT_ONCE):
            part = scene_ids[start : start + AT_ONCE]
            variables = ", ".join(f"$i{n}: ID!" for n in range(len(part)))
            fields = "\n".join(f"  i{n}: findScene(id: $i{n}) {{ {_MARKERS_OF} }}" for n in range(len(part)))
            given = {f"i{n}": str(one) for n, one in enumerate(part)}
            data, errors = self._client.execute_partial(f"query Markers({variables}) {{\n{fields}\n}}\n", given)
            told = [one for name, one in data.items() if one and name not in errors]
            found += [_marker(one, held) for one in told for held in one["scene_markers"]]
            failed.update((int(given[name]), words) for name, words in errors.items())
        return found, failed

    def markers_create(self, wanted: Sequence[NewMarker]) -> list[tuple[str, str]]:
        """(id, "") of each marker in order, or ("", Stash's words) of one that it refused. Raises AnswerLost when some
        may have been made and nobody knows."""
        made: list[tuple[str, str]] = []
        for start in range(0, len(wanted), AT_ONCE):
            part = wanted[start : start + AT_ONCE]
            variables = ", ".join(f"$i{n}: SceneMarkerCreateInput!" for n in range(len(part)))
            fields = "\n".join(f"  i{n}: sceneMarkerCreate(input: $i{n}) {{ id }}" for n in range(len(part)))
            document = f"mutation MarkersCreate({variables}) {{\n{fields}\n}}\n"
            given = {f"i{n}": asdict(one) for n, one in enumerate(part)}
            data, errors = self._client.execute_partial(document, given, repeatable=False)
            for name in given:
                held = data.get(name)
                made.append((str(held["id"]), "") if held else ("", errors.get(name, "no answer to this marker")))
        return made

    def markers_destroy(self, marker_ids: Sequence[str]) -> None:
        """Removes markers that are there."""
        for start in range(0, len(marker_ids), AT_ONCE):
            self._client.execute(MARKERS_DESTROY, {"ids": list(marker_ids[start : start + AT_ONCE])})

    def bytes_of(self, url: str) -> bytes:
        """A sprite or VTT file. Raises MediaUnavailable when Stash has none, RunError as get_bytes."""
        return self._client.get_bytes(url)[0]


def scene(held: Mapping[str, Any]) -> SceneRecord:
    paths = held.get("paths") or {}
    return SceneRecord(
        id=int(held["id"]),
        title=held.get("title") or "",
        files=tuple(_file(one) for one in held.get("files") or ()),
        tag_ids=ids(held["tags"]),
        performer_ids=ids(held["performers"]),
        organized=bool(held.get("organized")),
        sprite_url=paths.get("sprite") or "",
        vtt_url=paths.get("vtt") or "",
    )


def _marker(scene: Mapping[str, Any], held: Mapping[str, Any]) -> MarkerRecord:
    end = held.get("end_seconds")
    return MarkerRecord(
        id=str(held["id"]),
        scene_id=str(scene["id"]),
        title=held.get("title") or "",
        seconds=float(held["seconds"]),
        end_seconds=None if end is None else float(end),
        primary_tag_id=str(held["primary_tag"]["id"]),
        tag_ids=ids(held["tags"]),
    )


def _file(held: Mapping[str, Any]) -> VideoFileRecord:
    prints = {one["type"]: str(one["value"]) for one in held.get("fingerprints") or ()}
    return VideoFileRecord(
        path=held["path"],
        size=int(held["size"]),
        mod_time=str(held["mod_time"]),
        oshash=prints.get("oshash", ""),
        width=int(held.get("width") or 0),
        height=int(held.get("height") or 0),
        duration_s=float(held.get("duration") or 0.0),
    )
