"""The main job from the buttons: performers in, names on images out, and a way back. Real photographs and processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from conftest import World


def test_names_stand_on_the_images_and_undo_takes_them_back(synchronized: World) -> None:
    world, stash = synchronized, synchronized.stash
    before = stash.snapshot()
    assert world.run("Identify Unscanned Images")["status"] == "FINISHED"
    assert world.errors() == []
    assert world.named() == {image: sorted(who) for image, who in world.expected.items()}
    scanned, matched = stash.tag_id("Compreface Scanned"), stash.tag_id("Compreface Matched")
    for image, who in world.expected.items():
        tags = stash.links("image", image, "tag")
        assert scanned in tags
        assert (matched in tags) is bool(who)
    first = {int(image): world.performers_on(image) for image in world.expected}
    run = world.last_run()
    assert (run["state"], run["counts"]["seen"], run["counts"]["failed"]) == ("finished", 7, 0)
    assert run["counts"]["accepted"] == 6

    assert world.run("Undo Last Run")["status"] == "FINISHED"
    assert stash.snapshot() == before
    assert world.run("Identify Unscanned Images")["status"] == "FINISHED"
    assert [world.performers_on(image) for image in world.expected] == [who for _, who in sorted(first.items())]


def test_undo_spares_what_a_person_did_since(identified: World) -> None:
    world, stash = identified, identified.stash
    obama, biden = world.performers["Barack Obama"], world.performers["Joe Biden"]
    images = list(world.expected)
    by_hand = images[-1]
    stash.set_links("image", by_hand, "performer", [biden])  # added by a person, nothing of ours
    stash.set_links("image", images[0], "performer", [])  # ours, taken off by a person
    stash.set_links("image", images[1], "performer", [obama, biden])  # ours, and one more by a person
    world.run("Undo Last Run")
    assert world.performers_on(by_hand) == [biden]
    assert world.performers_on(images[0]) == []
    assert world.performers_on(images[1]) == [biden]
    assert any("1 were gone already" in line for line in stash.log.messages("Info"))


def test_undo_of_one_image_and_of_one_performer(identified: World) -> None:
    world = identified
    run_id = world.last_run()["runId"]
    one, pair = next(iter(world.expected)), list(world.expected)[4]
    world.ask("undoRun", runId=run_id, imageId=one)
    assert world.performers_on(one) == []
    assert world.stash.links("image", one, "tag") == []
    world.ask("undoRun", runId=run_id, performerId=world.performers["Joe Biden"])
    assert world.performers_on(pair) == [world.performers["Barack Obama"]]


def test_a_second_pass_decodes_and_writes_nothing(identified: World) -> None:
    world, stash = identified, identified.stash
    before = stash.snapshot()
    for path in world.folder.iterdir():
        path.unlink()  # whoever decodes now, fails
    stash.reset_requests()
    world.run("Identify All Images")
    assert stash.snapshot() == before
    run = world.last_run()
    assert (run["counts"]["seen"], run["counts"]["failed"], run["counts"]["accepted"]) == (7, 0, 6)
    assert not [r for r in stash.graphql_requests if "mutation" in r.query]
    assert not stash.picture_requests

    told = world.ask("statistics")
    again, first, synchronized_run = told["runs"]
    spent, kept = ({each["step"]: each for each in one["steps"]} for one in (first, again))
    faces = first["counts"]["faces"]
    things = {"open": 7, "detect": 7, "embed": faces, "match": faces, "store": 7, "load": 1}
    assert {name: spent[name]["things"] for name in things} == things
    assert spent["write"]["things"] > 0
    assert not {"open", "detect", "embed", "write"} & set(kept)
    for one in told["runs"]:
        seconds = [each["seconds"] for each in one["steps"]]
        assert max(seconds) <= one["seconds"] + 0.01  # a step is counted once, however many threads are at it
        assert sum(seconds) >= one["seconds"] - 0.05  # and nothing is left out
    assert spent["other"]["seconds"] < first["seconds"] / 2  # the others are too short to say
    assert {each["mode"]: each["runs"] for each in told["tasks"]} == {
        "identifyImagesNew": 1, "identifyImagesAll": 1, "synchronizePerformers": 1
    }
    [engine] = told["engines"]
    assert (engine["model"], engine["runs"], engine["counts"]["seen"]) == (told["model"], 3, 7 + 7 + 3)
    assert synchronized_run["reasons"] == {"failed": {}, "skipped": {}}
    [one] = world.ask("statistics", runId=first["runId"])["runs"]
    assert one == first
    assert one["itemsPerSecond"] > 0


def test_a_tag_taken_off_by_a_person_means_look_again(identified: World) -> None:
    world, stash = identified, identified.stash
    image = next(iter(world.expected))
    stash.set_links("image", image, "tag", [])
    stash.set_links("image", image, "performer", [])
    world.run("Identify Unscanned Images")
    assert world.last_run()["counts"]["seen"] == 1
    assert world.performers_on(image) == world.expected[image]


def test_tags_switched_off_change_nothing_in_what_is_done(synchronized: World) -> None:
    world, stash = synchronized, synchronized.stash
    off = {"scannedTagName": "none", "matchedTagName": "none", "errorTagName": "none"}
    stash.set_plugin_settings("compreface", off)
    world.run("Identify Unscanned Images")
    assert world.named() == {image: sorted(who) for image, who in world.expected.items()}
    assert stash.ids("tag") == []
    world.run("Identify Unscanned Images")
    assert world.last_run()["counts"]["seen"] == 0
    stash.set_plugin_settings("compreface", {})
    world.run("Identify Unscanned Images")
    assert world.last_run()["counts"]["seen"] == 0  # done stays done when tags come back


def test_identify_image_says_who_and_writes_only_when_asked(synchronized: World) -> None:
    world, stash = synchronized, synchronized.stash
    pair = list(world.expected)[4]
    before = stash.snapshot()
    answer = world.ask("identifyImage", imageId=pair)
    assert stash.snapshot() == before
    assert not answer["written"]
    assert {face["candidates"][0]["name"] for face in answer["faces"]} == {"Barack Obama", "Joe Biden"}
    for face in answer["faces"]:
        x_min, y_min, x_max, y_max = face["box"]
        assert 0 <= x_min < x_max <= 1
        assert 0 <= y_min < y_max <= 1
        assert face["verdict"] == "accept"
    kept = world.ask("faces", imageId=pair)["faces"]
    assert [(face["id"], face["verdict"]) for face in kept] == [(f["id"], f["verdict"]) for f in answer["faces"]]
    assert not any(candidate["onItem"] for face in kept for candidate in face["candidates"])
    left = min(answer["faces"], key=lambda face: face["box"][0])
    written = world.ask("identifyImage", imageId=pair, associateExisting="true", faceId=str(left["id"]))
    assert written["written"]
    assert world.performers_on(pair) == [world.performers["Barack Obama"]]
    world.ask("undoRun", runId=written["runId"])
    assert world.performers_on(pair) == []


def test_unmatched_images_can_be_looked_at_again(identified: World) -> None:
    world, stash = identified, identified.stash
    world.run("Reset Unmatched Images")
    scanned = stash.tag_id("Compreface Scanned")
    for image, who in world.expected.items():
        assert (scanned in stash.links("image", image, "tag")) is bool(who)
    world.run("Identify Unscanned Images")
    assert world.last_run()["counts"]["seen"] == sum(not who for who in world.expected.values())


def test_the_faces_operation_remembers_verdicts_and_crops(identified: World) -> None:
    world = identified
    image = next(iter(world.expected))
    answer = world.ask("faces", imageId=image, crops=True)
    assert answer["item"]["matched"]
    [face] = answer["faces"]
    assert face["candidates"][0]["name"] == "Barack Obama"
    assert face["crop"].startswith("data:image/jpeg;base64,")


def test_few_requests_for_many_images(synchronized: World) -> None:
    world, stash = synchronized, synchronized.stash
    cup = Image.open(world.photos / "coffee.png").convert("RGB").resize((30, 20))
    for number in range(200):
        path = world.folder / f"cup{number}.jpg"
        cup.point(lambda value, n=number: min(255, value + n % 50)).save(path)
        stash.add_image(path)
    stash.reset_requests()
    world.run("Identify Unscanned Images")
    assert world.last_run()["counts"]["seen"] == 207
    # 11 batches of one read and one write, a page, and what a start (and the first one: three new tags) costs once
    assert len(stash.requests) <= 11 * 2 + 18
