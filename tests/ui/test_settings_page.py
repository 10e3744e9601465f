"""The panel below the plugin's settings: its state, CompreFace, and the models to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pack_mirror import light_mirror
from testcompreface import TestCompreFace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tasks.conftest import World
    from ui.conftest import Click


@pytest.fixture
def mirror(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plugin fetches the files of the pack light from here, and finds none that somebody installed for himself."""
    with light_mirror(data_dir / "models", tmp_path / "mirror") as address:
        monkeypatch.setenv("COMPREFACE_MIRROR", address)
        monkeypatch.setenv("COMPREFACE_MODELS", str(tmp_path / "none"))
        yield


def test_health_in_the_settings_of_this_plugin_alone(click: Click, library: World) -> None:
    seen = click("settings/health", test="Test engine and device", passed="self-test passed")
    assert seen["panels"] == 1
    assert seen["checks"] == ["Stash", "Data folder", "Models", "Engine", "CompreFace", "Known people"]
    assert str(library.data) in seen["told"]
    assert "Second look" in seen["engine"]
    assert seen["violations"] == []


def test_health_in_german_beside_another_plugin(click: Click, library: World) -> None:
    german = {"locale": "de-DE", "test": "Engine und Gerät testen", "passed": "Selbsttest bestanden"}
    seen = click("settings/health", plugins="rude,compreface", **german)
    assert seen["panels"] == 1
    assert seen["checks"] == ["Stash", "Datenordner", "Modelle", "Engine", "CompreFace", "Bekannte Personen"]
    assert "bekannte Darsteller: 3" in seen["told"]
    assert "das Laden eingeschlossen" in seen["engine"]
    assert seen["violations"] == []
    for check in library.ask("health", modelPack="")["checks"]:
        for sentence in (check, *check["details"]):
            assert sentence["said"] is None or sentence["message"] not in seen["told"], "left in English"


def test_a_wrong_key_is_told_with_the_cure(click: Click, library: World) -> None:
    before = dict(library.stash.plugin_settings["compreface"])
    with TestCompreFace() as server:
        keys = {"recognitionApiKey": server.detection_key, "detectionApiKey": server.detection_key}
        library.stash.plugin_settings["compreface"] = {**before, "comprefaceUrl": server.base_url, **keys}
        seen = click("settings/compreface")
        assert server.base_url in seen["told"]
        assert "holds the key of a detection service" in seen["told"]
        assert "opens its service" in seen["told"]
        assert server.detection_key not in seen["told"]
        assert seen["violations"] == []
    library.stash.plugin_settings["compreface"] = before


def test_a_pack_is_fetched_and_used_by_keys_alone(click: Click, library: World, mirror: None) -> None:
    pytest.importorskip("openvino")
    before = dict(library.stash.plugin_settings["compreface"])
    library.stash.plugin_settings["compreface"] = {"modelPack": "dlib"}
    seen = click("settings/install")
    assert "non-commercial research purposes only" in seen["terms"]
    assert seen["refused"]
    assert seen["first"]["text"] == "Install"
    assert seen["violations"] == []
    assert (library.data / "models" / "light" / "origin.txt").is_file()
    assert library.ask("models", modelPack="")["inUse"] == "light"
    # what is changed in the host's form afterwards does not bring the old pack back
    assert library.stash.plugin_settings["compreface"] == {"modelPack": "light", "writeAliases": True}
    library.stash.plugin_settings["compreface"] = before
