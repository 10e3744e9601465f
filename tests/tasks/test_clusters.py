"""Groups of unknown faces in a person's hands: named, put together, divided, set aside, and taken back."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Step, World

HQ = "Recognize Images (High Quality)"
PEOPLE = ("Abel_Pacheco", "Adam_Sandler", "Alan_Greenspan")

pytestmark = pytest.mark.data


@cache
def strangers(data_dir: Path) -> Step:
    def step(world: World) -> None:
        for who in PEOPLE:
            for number in range(1, 5):
                path = data_dir / "faces" / "lfw" / who / f"{who}_{number:04}.jpg"
                with Image.open(path) as opened:
                    opened.convert("RGB").crop((45, 35, 205, 215)).save(world.folder / f"{path.stem}.png")
                world.told[str(world.stash.add_image(world.folder / f"{path.stem}.png"))] = who
        world.stash.set_plugin_settings("compreface", {"minFacesPerPerson": 50})
        world.run(HQ)
        assert world.stash.ids("performer") == []

    return step


@pytest.fixture
def unknown(after: Callable[..., World], data_dir: Path) -> tuple[World, dict[str, str]]:
    """Three strangers on four pictures each, looked at, nobody created; image id -> who it is."""
    world = after(strangers(data_dir))
    return world, world.told


def groups(world: World, **args: Any) -> list[dict[str, Any]]:
    answer = world.ask("clusters", **args)
    assert answer["upToDate"]
    found: list[dict[str, Any]] = answer["clusters"]
    return found


def images_of(group: dict[str, Any]) -> set[str]:
    return {item["id"] for item in group["items"]}


def test_groups_are_listed_with_a_picture_and_named_whole(unknown: tuple[World, dict[str, str]]) -> None:
    world, told = unknown
    before = world.stash.snapshot()
    first, *others = groups(world)
    assert first["faces"] >= 3
    assert first["crop"].startswith("data:image/jpeg;base64,")
    assert len({told[image] for image in images_of(first)}) == 1
    faces = world.ask("clusters", action="faces", cluster=first["id"])
    assert len(faces["faces"]) == faces["total"] == first["faces"]
    assert all(face["verdict"] == "unknown" and face["crop"] for face in faces["faces"])
    samples = groups(world, samples=2)[0]["samples"]
    assert [(each["id"], each["crop"]) for each in samples] == [(f["id"], f["crop"]) for f in faces["faces"][:2]]

    named = world.ask("clusters", action="name", cluster=first["id"], name="Jane Doe")
    assert named["created"]
    assert named["items"] == len(images_of(first))
    for image in told:
        assert world.performers_on(image) == ([named["performerId"]] if image in images_of(first) else [])
    performer = world.stash.library.get("performer", named["performerId"])
    assert performer["name"] == "Jane Doe"
    assert performer["image"].startswith(b"\xff\xd8")
    assert [group["id"] for group in groups(world)] == [group["id"] for group in others]
    world.run("Identify All Images")  # what a person named stays so
    assert all(world.performers_on(image) == [named["performerId"]] for image in images_of(first))

    world.ask("undoRun")  # the identifying
    world.ask("undoRun", runId=named["runId"])
    assert {**world.stash.snapshot(), "tag": 0, "image": 0} == {**before, "tag": 0, "image": 0}
    assert all(world.performers_on(image) == [] for image in told)


def test_a_group_gets_the_name_of_somebody_who_exists(unknown: tuple[World, dict[str, str]]) -> None:
    world, _ = unknown
    known = str(world.stash.add_performer("Jane Doe"))
    group = groups(world)[0]
    with pytest.raises(Exception, match=rf"named 'Jane Doe' already \(id {known}\): give performerId {known}"):
        world.ask("clusters", action="name", cluster=group["id"], name="Jane Doe")
    named = world.ask("clusters", action="name", cluster=group["id"], performerId=known)
    assert not named["created"]
    assert all(world.performers_on(image) == [known] for image in images_of(group))
    world.ask("undoRun", runId=named["runId"])
    assert world.stash.ids("performer") == [known]
    assert all(world.performers_on(image) == [] for image in images_of(group))
    assert group["id"] in [each["id"] for each in groups(world)]


def test_what_is_put_together_or_divided_stays_so(unknown: tuple[World, dict[str, str]]) -> None:
    world, _ = unknown
    one, two, *_ = groups(world, minFaces=1)
    whole = world.ask("clusters", action="merge", clusters=f"{one['id']},{two['id']}")
    assert whole["faces"] == one["faces"] + two["faces"]
    assert groups(world, refresh=True)[0]["faces"] == whole["faces"]
    faces = [face["id"] for face in world.ask("clusters", action="faces", cluster=whole["cluster"])["faces"]]
    away = faces[:2]
    rest, off = world.ask("clusters", action="split", cluster=whole["cluster"], faceIds=away)["clusters"]
    assert (rest["faces"], off["faces"]) == (len(faces) - 2, 2)
    sizes = {group["id"]: group["faces"] for group in groups(world, refresh=True, minFaces=1)}
    assert sizes[off["cluster"]] == 2
    assert sizes[rest["cluster"]] == len(faces) - 2
    with pytest.raises(Exception, match="some, but not all, of the faces of group"):
        world.ask("clusters", action="split", cluster=off["cluster"], faceIds=away)


def test_divided_groups_become_two_people_and_neither_joins_the_other(unknown: tuple[World, dict[str, str]]) -> None:
    world, _ = unknown
    group = groups(world)[0]
    faces = world.ask("clusters", action="faces", cluster=group["id"])["faces"]
    odd = faces[0]
    world.ask("clusters", action="split", cluster=group["id"], faceIds=str(odd["id"]))
    world.stash.set_plugin_settings("compreface", {"minFacesPerPerson": 2})
    world.run(HQ)
    made = {each for face in faces[1:] for each in world.performers_on(face["item"]["id"])}
    assert len(made) == 1
    assert world.performers_on(odd["item"]["id"]) == []
    world.run(HQ)
    assert not made & set(world.performers_on(odd["item"]["id"]))


def test_a_group_set_aside_is_never_asked_about_again(unknown: tuple[World, dict[str, str]]) -> None:
    world, _ = unknown
    group = groups(world)[0]
    answer = world.ask("clusters", action="ignore", cluster=group["id"])
    assert answer["faces"] == group["faces"]
    assert group["id"] not in [each["id"] for each in groups(world, refresh=True)]
    world.stash.set_plugin_settings("compreface", {"minFacesPerPerson": 1})
    world.run(HQ)
    assert all(world.performers_on(image) == [] for image in images_of(group))
    assert world.stash.ids("performer")


def test_a_face_becomes_a_performer(unknown: tuple[World, dict[str, str]]) -> None:
    world, told = unknown
    before = world.stash.snapshot()
    image = next(iter(told))
    [face] = world.ask("identifyImage", imageId=image)["faces"]
    made = world.ask("createPerformerFromImage", imageId=image, faceId=face["id"], name="Jane Doe")
    assert world.performers_on(image) == [made["performerId"]]
    performer = world.stash.library.get("performer", made["performerId"])
    assert performer["name"] == "Jane Doe"
    assert performer["image"].startswith(b"\xff\xd8")
    again = next(
        each for each in world.ask("identifyImage", imageId=image)["faces"] if each["id"] == face["id"]
    )
    assert (again["verdict"], again["candidates"][0]["name"]) == ("accept", "Jane Doe")
    with pytest.raises(Exception, match=rf"already \(id {made['performerId']}\)"):
        world.ask("createPerformerFromImage", imageId=list(told)[1], name="Jane Doe")
    with pytest.raises(Exception, match="faceId is 99999; allowed for this image is"):
        world.ask("createPerformerFromImage", imageId=image, faceId=99999, name="John Doe")
    world.ask("undoRun", runId=made["runId"])
    assert {k: v for k, v in world.stash.snapshot().items() if k != "tag"} == {
        k: v for k, v in before.items() if k != "tag"
    }


def test_wrong_questions_are_one_sentence(unknown: tuple[World, dict[str, str]]) -> None:
    world, _ = unknown
    for args, sentence in (
        ({"action": "dance"}, "The argument action is 'dance'; allowed is one of list, faces"),
        ({"action": "name", "cluster": 99999, "name": "X"}, "There is no group 99999"),
        ({"action": "name", "cluster": groups(world)[0]["id"]}, "one of the arguments performerId .* and name"),
        ({"action": "merge", "clusters": "1"}, "fewer than two groups"),
        ({"action": "name", "faceIds": "99999", "name": "X"}, "There is no face 99999"),
    ):
        with pytest.raises(Exception, match=sentence):
            world.ask("clusters", **args)
