"""What the settings page asks: health with details, the test of CompreFace's address and keys, model packs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pack_mirror import light_mirror
from testcompreface import TestCompreFace

if TYPE_CHECKING:
    from conftest import World


@pytest.fixture
def mirror(tmp_path: Path, data_dir: Path) -> Iterator[str]:
    with light_mirror(data_dir / "models", tmp_path / "mirror") as address:
        yield address


def checks(world: World, **args: Any) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in world.ask("health", **args)["checks"]}


def details(check: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["name"]: (each["state"], each["message"]) for each in check["details"]}


def test_health_tells_where_things_are_and_runs_the_model_when_asked(empty_world: World) -> None:
    world = empty_world
    found = checks(world)
    assert found["people"]["nextStep"] == "run the task Synchronize Performers"
    assert found["compreface"]["state"] == "ok"
    assert details(found["store"])["folder"] == ("ok", str(world.data))
    assert details(found["stash"])["address"][1].startswith("http://127.0.0.1:")
    engine = checks(world, only="engine", deep=True)
    assert list(engine) == ["engine"]
    assert engine["engine"]["message"].startswith("self-test passed: dlib@")
    assert details(engine["engine"])["devices"] == ("ok", "cpu")
    assert checks(world, only="engine")["engine"]["lastSuccess"] is not None
    with pytest.raises(Exception, match="allowed are stash, store"):
        world.ask("health", only="weather")


def test_compreface_is_tried_address_by_address_and_key_by_key(empty_world: World) -> None:
    world = empty_world
    with TestCompreFace() as server:

        def tried(**settings: str) -> dict[str, Any]:
            world.stash.set_plugin_settings("compreface", {"comprefaceUrl": server.base_url, **settings})
            return checks(world, only="compreface", deep=True)["compreface"]

        assert "no recognition key is set" in tried()["message"]
        good = tried(
            recognitionApiKey=server.recognition_key,
            detectionApiKey=server.detection_key,
            verificationApiKey=server.verification_key,
        )
        assert good["state"] == "ok"
        assert [state for state, _ in details(good).values()] == ["ok"] * 5
        assert good["details"][0]["name"] == server.base_url
        swapped = tried(recognitionApiKey=server.detection_key, detectionApiKey="no key at all")
        assert swapped["state"] == "fault"
        assert "holds the key of a detection service" in swapped["nextStep"]
        assert details(swapped)["detection key"][0] == "fault"
        assert server.detection_key not in str(swapped)
        server.core.down = True
        headless = tried(recognitionApiKey=server.recognition_key)
        assert headless["state"] == "fault"
        assert "its inference service does not" in headless["message"]
        assert details(headless)["recognition key"] == ("ok", "opens its service")
        assert server.violations == []
        base = server.base_url
    gone = tried(recognitionApiKey=server.recognition_key)
    assert (gone["state"], gone["message"]) == ("fault", "no CompreFace was found")
    assert details(gone)[base][0] == "fault"


def test_a_model_pack_is_fetched_once_its_terms_are_accepted(empty_world: World, mirror: str) -> None:
    pytest.importorskip("openvino")
    world = empty_world

    def install(**args: Any) -> dict[str, Any]:
        job = world.stash.run_task(
            "compreface", None, {"mode": "installModel", "pack": "light", "baseUrl": mirror, **args}
        )
        return world.stash.wait_for_job(job)

    packs = {pack["name"]: pack for pack in world.ask("models")["packs"]}
    assert list(packs) == ["antelopev2", "buffalo_l", "buffalo_s", "buffalo_sc", "light", "dlib"]
    assert packs["buffalo_l"]["researchOnly"] and not packs["light"]["researchOnly"]
    assert "non-commercial" in packs["buffalo_l"]["terms"]
    assert packs["dlib"]["installed"]
    install()
    assert "terms are accepted" in world.errors()[-1]
    assert not (world.data / "models" / "light").exists()
    install(acceptTerms=True)
    there = {pack["name"]: pack for pack in world.ask("models")["packs"]}["light"]
    assert there["folder"] == str(world.data / "models" / "light")
    assert "licence" in (world.data / "models" / "light" / "origin.txt").read_text()
    run = world.last_run()
    assert (run["mode"], run["state"]) == ("installModel", "finished")
    install(acceptTerms=True, pack="nonsense")
    assert "allowed is one of" in world.errors()[-1]
    (world.data / "models" / "light" / "origin.txt").unlink()
    world.run("Synchronize Performers", modelPack="")
    assert world.ask("models", modelPack="")["inUse"] == "light"


def test_a_pack_that_cannot_be_fetched_says_why_where_the_page_can_read_it(empty_world: World, mirror: str) -> None:
    world = empty_world
    args = {"mode": "installModel", "pack": "light", "baseUrl": mirror + "/nowhere", "acceptTerms": True}
    world.stash.wait_for_job(world.stash.run_task("compreface", None, args))
    run = world.last_run()
    assert run["state"] == "failed"
    assert "the server answers 404" in run["message"]
