"""What the page of a performer asks and does: faces, examples, twins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import World


def test_one_answer_tells_what_she_is_recognised_by_and_where(synchronized: World) -> None:
    world, stash = synchronized, synchronized.stash
    obama = world.performers["Barack Obama"]
    before = world.ask("performerFaces", performerId=obama)
    assert (before["name"], before["total"], before["odd"], before["faces"]) == ("Barack Obama", 0, 0, [])
    [own] = before["examples"]
    assert own["origin"] == "own picture"
    assert own["crop"].startswith("data:image/jpeg;base64,")
    world.run("Identify Unscanned Images")
    hers = [image for image, who in world.expected.items() if obama in who]
    stash.add_gallery(title="Speeches", performers=[obama])
    seen = world.ask("performerFaces", performerId=obama, limit=2)
    assert seen["recognised"] == {"images": len(hers), "scenes": 0}
    assert seen["inStash"] == {"images": len(hers), "scenes": 0, "galleries": 1}
    assert (seen["total"], len(seen["faces"])) == (len(hers), 2)
    rest = world.ask("performerFaces", performerId=obama, limit=50, offset=2)["faces"]
    assert {face["item"]["id"] for face in [*seen["faces"], *rest]} == set(hers)
    assert all(face["crop"] and face["verdict"] == "accept" for face in rest)
    with pytest.raises(Exception, match="Stash has no such performer"):
        world.ask("performerFaces", performerId=4711)


def test_an_example_is_added_and_removed_and_both_are_taken_back(identified: World) -> None:
    world = identified
    obama = world.performers["Barack Obama"]
    face = world.ask("performerFaces", performerId=obama)["faces"][0]

    def learned() -> list[int | None]:
        return [each["faceId"] for each in world.ask("performerFaces", performerId=obama)["examples"]]

    added = world.ask("performerExamples", performerId=obama, addFaceId=face["id"])
    assert face["id"] in learned()
    [example] = [each for each in added["examples"] if each["faceId"] == face["id"]]
    assert example["item"] == face["item"]
    removed = world.ask("performerExamples", performerId=obama, removeExampleId=example["exampleId"])
    assert learned() == [None]
    world.ask("undoRun", runId=removed["runId"])
    assert face["id"] in learned()
    world.ask("undoRun", runId=added["runId"])
    assert learned() == [None]


def test_twins_are_found_from_either_side_until_a_person_tells_them_apart(synchronized: World) -> None:
    world = synchronized
    obama, biden = world.performers["Barack Obama"], world.performers["Joe Biden"]
    twin = str(world.stash.add_performer("His Twin", (world.folder / "obama2.jpg").read_bytes()))
    world.run("Synchronize Performers")
    for who in (obama, twin):
        [pair] = world.ask("duplicatePerformers", performerId=who)["pairs"]
        assert set(pair["performerIds"]) == {obama, twin}
    assert world.ask("duplicatePerformers", performerId=biden)["pairs"] == []
    assert world.ask("duplicatePerformers", performerId=twin, otherId=obama)["pairs"] == []
    assert world.ask("duplicatePerformers")["pairs"] == []
    [pair] = world.ask("duplicatePerformers", performerId=obama, otherId=twin, different=False)["pairs"]
    assert set(pair["names"]) == {"Barack Obama", "His Twin"}
    with pytest.raises(Exception, match="two performers"):
        world.ask("duplicatePerformers", otherId=twin)


def test_faces_and_their_crops_come_with_one_question(synchronized: World) -> None:
    world = synchronized
    image = next(iter(world.expected))
    asked = world.ask("identifyImage", imageId=image, crops=True)["faces"]
    known = world.ask("faces", imageId=image, crops=True)["faces"]
    assert [face["crop"] for face in asked] == [face["crop"] for face in known]
    assert asked[0]["crop"].startswith("data:image/jpeg")
    assert "crop" not in world.ask("identifyImage", imageId=image)["faces"][0]


def test_a_person_merges_whom_the_plugin_made_and_undo_makes_them_again(synchronized: World) -> None:
    world, stash = synchronized, synchronized.stash
    obama = world.performers["Barack Obama"]
    speaking, other = [image for image, who in world.expected.items() if who == [obama]]
    strict = {"minFacesPerPerson": 1, "minSimilarity": "0.9999", "reviewSimilarity": "0.9999"}
    stash.set_plugin_settings("compreface", strict)  # nobody is recognised, so everybody is made
    world.run("Recognize Images (High Quality)")
    assert world.errors() == []
    [made] = [who for who in world.performers_on(speaking) if who not in world.performers.values()]
    stash.set_plugin_settings("compreface", {})
    before = world.named()
    found = world.ask("compareFaces", performerId=obama, otherId=made)
    assert found["merge"] == {obama: "the plugin did not make it", made: ""}
    with pytest.raises(Exception, match=f"{obama} was not merged into {made}: the plugin did not make it"):
        world.ask("mergePerformers", performerId=made, otherId=obama)
    merged = world.ask("mergePerformers", performerId=obama, otherId=made)
    assert merged["united"] == 1
    assert world.performers_on(speaking) == [obama]
    assert made not in stash.ids("performer")
    assert world.ask("performerFaces", performerId=obama)["recognised"]["images"] >= 1
    world.ask("undoRun", runId=merged["runId"])
    [again] = [who for who in world.performers_on(speaking) if who not in world.performers.values()]
    expected = {image: sorted(again if who == made else who for who in names) for image, names in before.items()}
    assert world.named() == expected
    assert other in world.named()
