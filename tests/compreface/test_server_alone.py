"""What only the test server can be asked: its builds, its faults, what its faces are found with."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import requests
from PIL import Image
from plain_compreface import API, Call, caller, refused
from testcompreface import INSIGHTFACE_LIKE, TestCompreFace

Photo = Callable[[str], bytes]


@pytest.fixture
def call(server: TestCompreFace) -> Call:
    return caller(server)


def test_exif_is_ignored_and_large_pictures_are_shrunk_for_detection(call: Call, photo: Photo) -> None:
    with Image.open(io.BytesIO(photo("obama.jpg"))) as opened:
        upright = opened.convert("RGB")
    sideways = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(sideways, "JPEG", exif=exif)
    assert refused(call("POST", API + "/recognition/recognize", file=sideways.getvalue()))[:2] == (400, 28)
    canvas = Image.new("RGB", (6000, 3000))
    canvas.paste(upright.resize((upright.width * 600 // upright.height, 600)), (200, 200))
    far = io.BytesIO()
    canvas.save(far, "JPEG")
    assert refused(call("POST", API + "/recognition/recognize", file=far.getvalue()))[:2] == (400, 28)


def test_embeddings_of_insightface_builds_have_any_length(photo: Photo) -> None:
    with TestCompreFace(INSIGHTFACE_LIKE) as server:
        answer = requests.post(
            server.base_url + API + "/recognition/recognize?face_plugins=calculator",
            headers={"x-api-key": server.recognition_key},
            files={"file": ("a.jpg", photo("obama.jpg"))},
            timeout=30,
        )
        vector = answer.json()["result"][0]["embedding"]
        assert sum(value * value for value in vector) == pytest.approx(21.5**2, rel=1e-3)


def test_two_spellings_of_a_name_break_every_lookup(server: TestCompreFace, call: Call) -> None:
    server.collection().subjects += ["John", "john"]
    assert refused(call("DELETE", API + "/recognition/subjects/John"))[:2] == (400, 0)


def test_migration(server: TestCompreFace, call: Call, photo: Photo) -> None:
    assert call("POST", API + "/migrate", key=None).text == "Migration started"
    assert refused(call("POST", API + "/migrate", key=None))[:2] == (400, 27)
    path = API + "/recognition/faces"
    assert refused(call("POST", path, file=photo("obama.jpg"), params={"subject": "x"}))[:2] == (405, 32)
    assert call("POST", API + "/recognition/subjects", json={"subject": "x"}).status_code == 201


def test_service_endpoints(server: TestCompreFace, call: Call) -> None:
    told = {"clientMaxFileSize": 5 * 1024 * 1024, "clientMaxBodySize": 10 * 1024 * 1024}
    assert call("GET", API + "/config", key=None).json() == told
    status = call("GET", "/core/status", key=None).json()
    assert status["similarity_coefficients"] == [server.core.build.c0, server.core.build.c1]
    server.core.down = True
    consistence = API + "/consistence/status"
    assert refused(call("GET", consistence, key=None))[:2] == (500, 41)
    assert call("GET", "/core/status", key=None).status_code == 502
    server.core.down = False
    assert call("GET", consistence, key=None).json()["saveImagesToDB"] is True
    server.core.down = True
    assert call("GET", consistence, key=None).status_code == 200  # core was asked once


def test_state_survives_a_restart(server: TestCompreFace, call: Call) -> None:
    call("POST", API + "/recognition/subjects", json={"subject": "Ann"})
    server.stop()
    with pytest.raises(requests.ConnectionError):
        call("GET", API + "/recognition/subjects")
    server.start()
    assert call("GET", API + "/recognition/subjects").json() == {"subjects": ["Ann"]}
