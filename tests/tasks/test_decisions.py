"""What a person says about a face holds: over rescans, other thresholds, another model, and for copies."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageEnhance

from teststash.library import LibraryError

if TYPE_CHECKING:
    from conftest import World

EAGER = {"minSimilarity": "0.2", "reviewSimilarity": "0.1"}  # proposes, and accepts, nearly everybody


def jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


def face_of(world: World, image: str, performer: str) -> dict[str, Any]:
    """The one face of the image whose best candidate is the performer."""
    faces = world.ask("faces", imageId=image)["faces"]
    [face] = [f for f in faces if f["candidates"] and f["candidates"][0]["performerId"] == performer]
    return dict(face)


def copies(path: Path) -> list[bytes]:
    """The photograph as it comes back: compressed, smaller, cropped, brighter."""
    picture = Image.open(path).convert("RGB")
    wide, high = picture.size
    return [
        jpeg(picture, 45),
        jpeg(picture.resize((wide * 4 // 5, high * 4 // 5)), 85),
        jpeg(picture.crop((wide // 20, 0, wide, high * 19 // 20)), 90),
        jpeg(ImageEnhance.Brightness(picture).enhance(1.2), 90),
    ]


def candidates_on(world: World, image: str) -> set[str]:
    return {c["performerId"] for face in world.ask("faces", imageId=image)["faces"] for c in face["candidates"]}


def scan_again(world: World) -> None:
    world.run("Identify All Images")
    assert world.errors() == []


def test_not_her_holds_for_the_face_and_its_copies_and_costs_none_of_her_others(identified: World) -> None:
    world, stash = identified, identified.stash
    obama = world.performers["Barack Obama"]
    wrong, right = [image for image, who in world.expected.items() if who == [obama]]
    face = face_of(world, wrong, obama)
    answer = world.ask("decide", faceId=str(face["id"]), decision="reject")
    assert answer["removed"] == 1
    assert world.performers_on(wrong) == []
    assert stash.tag_id("Compreface Matched") not in stash.links("image", wrong, "tag")
    new = [world.add_image(f"copy{n}.jpg", data) for n, data in enumerate(copies(world.folder / "obama2.jpg"))]
    scan_again(world)  # the same image again, and the photograph as four other files
    stash.set_plugin_settings("compreface", EAGER)
    scan_again(world)
    (world.folder / "obama2.jpg").write_bytes(copies(world.folder / "obama2.jpg")[0])  # the file itself, saved anew
    stash.set_links("image", wrong, "tag", [])
    scan_again(world)
    for image in [wrong, *new]:
        assert obama not in candidates_on(world, image), image
        assert obama not in world.performers_on(image), image
    waiting = world.ask("proposals", performerId=obama, limit=100)["proposals"]
    assert not {p["item"]["id"] for p in waiting} & {wrong, *new}
    assert world.performers_on(right) == [obama]
    assert obama in world.performers_on(list(world.expected)[4])


@pytest.mark.models
def test_decisions_survive_a_change_of_model(
    identified: World, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPREFACE_MODELS", str(data_dir / "models"))
    world, stash = identified, identified.stash
    obama, biden, collins = (world.performers[n] for n in ("Barack Obama", "Joe Biden", "Eileen Collins"))
    images = list(world.expected)
    rejected, kept, confirmed, silenced = images[0], images[1], images[2], images[3]
    world.ask("decide", faceId=face_of(world, rejected, obama)["id"], decision="reject")
    world.ask("decide", faceId=face_of(world, confirmed, biden)["id"], decision="accept")
    world.ask("decide", faceId=face_of(world, silenced, collins)["id"], decision="ignore")
    copy = world.add_image("copy.jpg", copies(world.folder / "obama2.jpg")[1])
    world.run("Switch Engine", modelPack="buffalo_sc_int8")
    for settings in ({}, EAGER):
        stash.set_plugin_settings("compreface", settings)
        world.run("Identify All Images", modelPack="buffalo_sc_int8")
        assert world.errors() == []
        assert obama not in candidates_on(world, rejected) | candidates_on(world, copy)
        assert world.performers_on(kept) == [obama]
        assert face_of(world, confirmed, biden)["reason"] == "a person said so: confirmed"
        assert [face["verdict"] for face in world.ask("faces", imageId=silenced)["faces"]] == ["ignored"]
        assert world.performers_on(silenced) == []
    world.run("Switch Engine", modelPack="dlib")
    scan_again(world)
    assert obama not in candidates_on(world, rejected) | candidates_on(world, copy)


def test_a_proposal_shows_what_a_decision_needs_and_accepting_writes_it(looked_at: World) -> None:
    world, stash = looked_at, looked_at.stash
    stash.set_plugin_settings("compreface", {"minSimilarity": "0.999999", "reviewSimilarity": "0.5"})
    world.run("Identify Unscanned Images")
    page = world.ask("proposals", by="person", limit="2")
    assert len(page["proposals"]) == 2 < page["total"]
    assert page["performers"][0]["waiting"] >= page["performers"][-1]["waiting"]
    everything = world.ask("proposals", limit=100)["proposals"]
    assert [p["faceId"] for p in everything] == [
        p["faceId"] for start in range(0, len(everything), 2)
        for p in world.ask("proposals", limit=2, offset=start)["proposals"]
    ]
    obama = world.performers["Barack Obama"]
    hers = world.ask("proposals", performerId=obama)["proposals"]
    proposal = hers[0]
    best = proposal["candidates"][0]
    assert proposal["crop"].startswith("data:image/jpeg;base64,")
    picture = world.ask("proposals", performerId=obama)["pictures"][obama]
    assert picture.startswith("data:image/jpeg;base64,")
    assert best["performerId"] == obama
    assert 0 < proposal["similarity"] < proposal["required"]
    assert 0 <= proposal["expectedWrongPer1000"] < proposal["candidates"][-1]["expectedWrongPer1000"] <= 1000
    assert {each["id"] for each in proposal["otherItems"]} == {p["item"]["id"] for p in hers[1:]}
    image = proposal["item"]["id"]
    answer = world.ask("decide", faceId=proposal["faceId"], decision="accept")
    assert answer["added"] == 1
    assert world.performers_on(image) == [obama]
    assert stash.tag_id("Compreface Matched") in stash.links("image", image, "tag")
    assert world.ask("proposals", performerId=obama)["total"] == len(hers) - 1
    scan_again(world)
    assert world.ask("proposals", performerId=obama)["total"] == len(hers) - 1
    world.ask("decide", faceId=proposal["faceId"], decision="undo")
    assert world.performers_on(image) == []
    assert world.ask("proposals", performerId=obama)["total"] == len(hers)


def test_every_word_and_its_taking_back(identified: World) -> None:
    world, stash = identified, identified.stash
    obama, biden = world.performers["Barack Obama"], world.performers["Joe Biden"]
    image = next(iter(world.expected))
    face = face_of(world, image, obama)["id"]
    before = stash.snapshot()
    shown = world.ask("faces", imageId=image)

    for word, more, verdict, on_it in (
        ("reject", {}, None, []),
        ("notAFace", {}, "ignored", []),
        ("ignore", {}, "ignored", []),
        ("accept", {"performerId": biden}, "accept", [biden]),
    ):
        world.ask("decide", faceId=face, decision=word, **more)
        assert world.performers_on(image) == on_it, word
        scan_again(world)
        assert world.performers_on(image) == on_it, word
        [now] = world.ask("faces", imageId=image)["faces"]
        assert verdict is None or now["verdict"] == verdict
        assert obama not in [c["performerId"] for c in now["candidates"]] or verdict == "ignored"
        assert world.ask("decide", faceId=face, decision="undo")["undone"][0]["undone"]
        assert stash.snapshot() == before, word
        scan_again(world)
        assert world.ask("faces", imageId=image)["faces"] == shown["faces"]
        assert stash.snapshot() == before, word
    assert world.ask("decide", faceId=face, decision="undo")["undone"] == [
        {"faceId": face, "undone": False, "takenBack": 0}
    ]


def test_many_decisions_are_one_run_that_can_be_undone(identified: World) -> None:
    world, stash = identified, identified.stash
    before = stash.snapshot()
    images = list(world.expected)
    obama, biden = world.performers["Barack Obama"], world.performers["Joe Biden"]
    asked = [
        {"faceId": face_of(world, images[3], world.performers["Eileen Collins"])["id"], "decision": "reject"},
        {"faceId": face_of(world, images[4], biden)["id"], "decision": "notAFace"},
        {"faceId": face_of(world, images[0], obama)["id"], "decision": "accept"},
    ]
    answer = world.ask("decide", decisions=asked)
    assert (answer["decided"], answer["removed"], answer["added"]) == (3, 2, 0)
    assert world.performers_on(images[4]) == [obama]
    assert len(world.ask("performerExamples", performerId=obama)["examples"]) == 2
    world.ask("undoRun", runId=answer["runId"])
    assert stash.snapshot() == before
    assert len(world.ask("performerExamples", performerId=obama)["examples"]) == 1
    scan_again(world)
    assert stash.snapshot() == before


def test_only_what_we_put_there_is_taken_off(looked_at: World) -> None:
    world, stash = looked_at, looked_at.stash
    obama = world.performers["Barack Obama"]
    by_hand, ours = [image for image, who in world.expected.items() if who == [obama]]
    stash.set_links("image", by_hand, "performer", [obama])
    world.run("Identify Unscanned Images")
    for image in (by_hand, ours):
        world.ask("decide", faceId=face_of(world, image, obama)["id"], decision="reject")
    assert world.performers_on(by_hand) == [obama]
    assert world.performers_on(ours) == []


def test_a_wrong_question_is_answered_in_a_sentence_and_nothing_is_done(identified: World) -> None:
    world, stash = identified, identified.stash
    before = stash.snapshot()
    face = face_of(world, next(iter(world.expected)), world.performers["Barack Obama"])["id"]
    good = {"faceId": face, "decision": "reject"}
    for args, part in (
        ({"faceId": 999_999, "decision": "accept"}, "no such face"),
        ({"faceId": face, "decision": "perhaps"}, "one of accept, reject"),
        ({"faceId": face, "decision": "accept", "performerId": "424242"}, "no such performer"),
        ({"decisions": "[]"}, "no list"),
        ({"decisions": [good, {"faceId": "x", "decision": "reject"}]}, "faceId"),
    ):
        with pytest.raises(LibraryError, match=part):
            world.ask("decide", **args)
    assert stash.snapshot() == before
    assert world.performers_on(next(iter(world.expected))) != []


def test_confirmed_faces_are_learned_but_not_twice_and_odd_ones_are_shown(identified: World) -> None:
    world = identified
    obama = world.performers["Barack Obama"]
    for number, data in enumerate(copies(world.folder / "obama2.jpg")[:2]):
        world.add_image(f"copy{number}.jpg", data, ["Barack Obama"])
    world.run("Identify Unscanned Images")
    hers = [image for image, who in world.expected.items() if who == [obama]]
    for image in hers:
        world.ask("decide", faceId=face_of(world, image, obama)["id"], decision="accept")
    examples = world.ask("performerExamples", performerId=obama)["examples"]
    assert sorted(face_of(world, image, obama)["sizePx"] >= 64 for image in hers) == [False, True, True, True]
    assert len(examples) == 2  # the portrait, and a photograph that came three times; another face is too small
    assert not any(each["odd"] for each in examples)
    biden = face_of(world, list(world.expected)[2], world.performers["Joe Biden"])["id"]
    answer = world.ask("performerExamples", performerId=obama, addFaceId=biden)
    assert answer["examples"][0]["faceId"] == biden
    assert answer["examples"][0]["odd"]
    assert [each["performerId"] for each in world.ask("performerExamples")["performers"]] == [obama]
    answer = world.ask("performerExamples", performerId=obama, removeExampleId=answer["examples"][0]["exampleId"])
    assert biden not in [each["faceId"] for each in answer["examples"]]
    assert world.ask("performerExamples")["performers"] == []


def test_another_file_under_the_same_id_is_another_face(identified: World) -> None:
    world, stash = identified, identified.stash
    obama, biden = world.performers["Barack Obama"], world.performers["Joe Biden"]
    image = next(image for image, who in world.expected.items() if who == [biden])
    world.ask("decide", faceId=face_of(world, image, biden)["id"], decision="accept")
    path = world.folder / "mirror.jpg"
    picture = Image.open(world.photos / "obama.jpg").resize((364, 488))
    path.write_bytes(jpeg(picture, 90))
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()  # as Stash finds it at its next scan
    of_image = "SELECT file_id FROM owned_file WHERE kind = 'image' AND object_id = ?"
    changed = f"UPDATE fingerprint SET value = ? WHERE type = 'md5' AND file_id IN ({of_image})"
    assert stash.library.db.run(changed, [md5, image]) is not None
    stash.set_links("image", image, "tag", [])
    stash.set_links("image", image, "performer", [])
    scan_again(world)
    assert world.performers_on(image) == [obama]
