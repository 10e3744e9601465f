"""Settings arrive as anything and leave as one frozen value, or as one sentence."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.settings import PathMap, Settings, parse_settings
from compreface_plugin.values import bool_arg, float_arg, int_arg, str_arg

NUMBERS = ["maxBatchSize", "cooldownSeconds", "minFaceSize", "maxImageMegapixels", "inferenceBatchSize"]
TEXTS = ["engine", "modelPack", "device", "minSimilarity", "reviewSimilarity", "minQuality", "scannedTagName"]
TEXTS += ["matchedTagName", "errorTagName", "dataDir", "stashUrl", "pathMap", "comprefaceUrl", "applyMode"]
TRUTHS = ["writeAliases", "holdQueue", "scanAfterRun", "sceneMarkers"]
LATER = ["recognitionApiKey", "minFacesPerPerson", "sceneFrameInterval", "maxSceneFrames"]


def test_nothing_set_is_the_table_of_defaults() -> None:
    settings = parse_settings({})
    assert settings == Settings()
    assert (settings.engine, settings.model_pack, settings.device) == ("auto", None, None)
    assert (settings.max_batch_size, settings.cooldown_s) == (20, 10.0)
    assert (settings.min_similarity, settings.review_similarity) == (0.89, 0.75)
    assert (settings.min_face_size, settings.min_quality, settings.max_image_megapixels) == (64, 0.4, 100.0)
    assert settings.scanned_tag_name == "Compreface Scanned"
    assert (settings.min_faces_per_person, settings.apply_mode) == (3, "auto")
    assert not settings.write_aliases
    assert not settings.hold_queue


@pytest.mark.parametrize("empty", [None, "", "   ", 0, 0.0, "0"])
@pytest.mark.parametrize("key", NUMBERS + TEXTS + LATER)
def test_missing_empty_and_zero_mean_the_default(key: str, empty: object) -> None:
    assert parse_settings({key: empty}) == Settings()


@pytest.mark.parametrize("key", TRUTHS)
@pytest.mark.parametrize(
    ("value", "truth"),
    [
        (None, False),
        ("", False),
        (False, False),
        ("false", False),
        (0, False),
        (True, True),
        ("True", True),
        (1, True),
    ],
)
def test_truths_in_every_spelling(key: str, value: object, truth: bool) -> None:
    settings = parse_settings({key: value})
    fields = {"writeAliases": "write_aliases", "holdQueue": "hold_queue"}
    fields |= {"scanAfterRun": "scan_after_run", "sceneMarkers": "scene_markers"}
    assert getattr(settings, fields[key]) is truth


def test_numbers_as_text_and_text_as_numbers() -> None:
    settings = parse_settings(
        {
            "maxBatchSize": "50",
            "minSimilarity": 0.93,
            "reviewSimilarity": "0,8",
            "minFaceSize": 80.0,
            "minQuality": " .5 ",
        }
    )
    assert settings.max_batch_size == 50
    assert settings.min_similarity == 0.93
    assert settings.review_similarity == 0.8
    assert settings.min_face_size == 80
    assert isinstance(settings.min_face_size, int)
    assert settings.min_quality == 0.5


@pytest.mark.parametrize(
    ("value", "seconds"), [(-1, 0.0), ("-1", 0.0), (1, 1.0), ("2.5", 2.5), (3600, 3600.0)]
)
def test_cooldown(value: object, seconds: float) -> None:
    assert parse_settings({"cooldownSeconds": value}).cooldown_s == seconds


def test_a_tag_can_be_renamed_and_switched_off() -> None:
    settings = parse_settings({"scannedTagName": " Seen ", "matchedTagName": "None", "errorTagName": "none"})
    assert settings.scanned_tag_name == "Seen"
    assert settings.matched_tag_name is None
    assert settings.error_tag_name is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("engine", "insightface"),
        ("engine", True),
        ("modelPack", "../../etc"),
        ("modelPack", "a b"),
        ("device", "gpu!"),
        ("device", "abacus:0"),
        ("hardwareDecoding", "abacus"),
        ("hardwareDecoding", "cuda:0;rm"),
        ("maxBatchSize", "many"),
        ("maxBatchSize", 2.5),
        ("maxBatchSize", -5),
        ("maxBatchSize", 10**9),
        ("maxBatchSize", True),
        ("maxBatchSize", [20]),
        ("cooldownSeconds", -2),
        ("cooldownSeconds", 10**6),
        ("cooldownSeconds", "nan"),
        ("minSimilarity", "89"),
        ("minSimilarity", "0.8.9"),
        ("minSimilarity", "NaN"),
        ("minSimilarity", "inf"),
        ("minSimilarity", -0.1),
        ("minFaceSize", 3),
        ("minQuality", 1.1),
        ("maxImageMegapixels", -1),
        ("writeAliases", "perhaps"),
        ("holdQueue", 2),
        ("scannedTagName", "a\nb"),
        ("scannedTagName", "x" * 256),
        ("scannedTagName", {"a": 1}),
        ("stashUrl", "ftp://host"),
        ("stashUrl", "http://a b"),
        ("pathMap", "/from"),
        ("pathMap", "/from="),
        ("pathMap", "=/to"),
        ("applyMode", "never"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(key: str, value: object) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings({key: value})
    message = str(caught.value)
    assert f"The setting {key} is " in message
    assert "allowed is " in message
    shown = value if isinstance(value, str) else repr(value)
    assert repr(shown)[1:20] in message or shown[:20] in message


def test_a_wrong_key_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings({"recognitionApiKey": "hunter2\nhunter2"})
    assert "hunter2" not in str(caught.value)
    assert "recognitionApiKey" in str(caught.value)


def test_review_above_accept_is_refused_and_a_default_gives_way() -> None:
    assert parse_settings({"minSimilarity": "0.7"}).review_similarity == 0.7
    with pytest.raises(SettingsError, match=r"reviewSimilarity is 0\.95 and minSimilarity is 0\.9"):
        parse_settings({"minSimilarity": "0.9", "reviewSimilarity": "0.95"})


def test_settings_do_not_show_keys_and_do_not_change() -> None:
    settings = parse_settings({"recognitionApiKey": "topsecretkey", "somebodyElses": 5})
    assert "topsecretkey" not in repr(settings)
    assert settings.secrets == ("topsecretkey",)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.engine = "local"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("path", "mapped"),
    [
        ("/data/a.jpg", "/mnt/lib/a.jpg"),
        ("/data/photos/b.jpg", "/photos/b.jpg"),
        ("/data", "/mnt/lib/"),
        ("/database/a.jpg", "/database/a.jpg"),
        ("/other/a.jpg", "/other/a.jpg"),
        ("C:\\media\\x\\a.jpg", "/win/x/a.jpg"),
    ],
)
def test_path_map(path: str, mapped: str) -> None:
    pairs = parse_settings({"pathMap": "/data=/mnt/lib/; /data/photos = /photos ;C:\\media=/win"}).path_map
    assert pairs.apply(path) == mapped


def test_an_empty_path_map_changes_nothing() -> None:
    assert PathMap().apply("/a/b") == "/a/b"
    assert parse_settings({"pathMap": " ; "}).path_map == PathMap()


def test_arguments_share_the_readers() -> None:
    args: dict[str, Any] = json.loads(
        '{"limit": "25", "none": "", "associateExisting": "true", "minSimilarity": "0.5", "name": " Ann "}'
    )
    assert int_arg(args, "limit", 0) == 25
    assert int_arg(args, "none", 7) == 7
    assert int_arg(args, "absent", 7) == 7
    assert int_arg({"limit": 0}, "limit", 9) == 0
    assert bool_arg(args, "associateExisting") is True
    assert bool_arg(args, "absent") is False
    assert float_arg(args, "minSimilarity", 0.89) == 0.5
    assert str_arg(args, "name") == "Ann"
    with pytest.raises(SettingsError, match="The argument limit is 'x'; allowed is a whole number from 0"):
        int_arg({"limit": "x"}, "limit", 0)
    with pytest.raises(SettingsError, match="The argument minSimilarity"):
        float_arg({"minSimilarity": 2}, "minSimilarity", 0.89)
