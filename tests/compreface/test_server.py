"""The test server answers as CompreFace 1.2.0 does, its quirks included. Plain HTTP, nothing of our client."""

from __future__ import annotations

import base64
import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image
from testcompreface import INSIGHTFACE_LIKE, TestCompreFace

Photo = Callable[[str], bytes]
Call = Callable[..., requests.Response]
API = "/api/v1"


@pytest.fixture
def call(server: TestCompreFace) -> Call:
    """call("POST", "/recognition/recognize", file=..., key=..., params..., json=...)."""

    def _call(
        method: str, path: str, *, key: str | None = "", file: bytes | None = None, **more: Any
    ) -> requests.Response:
        headers = {} if key is None else {"x-api-key": key or server.recognition_key}
        files = {"file": ("picture.jpg", file)} if file is not None else more.pop("files", None)
        return requests.request(
            method,
            server.base_url + path,
            headers={**headers, **more.pop("headers", {})},
            files=files,
            timeout=30,
            **more,
        )

    return _call


def refused(response: requests.Response) -> tuple[int, int, str]:
    held = response.json()
    return response.status_code, held["code"], held["message"]


# keys and routes


def test_the_key_is_checked_in_order(server: TestCompreFace, call: Call) -> None:
    path = API + "/recognition/subjects"
    assert refused(call("GET", path, key=None)) == (400, 20, "Missing header: x-api-key")
    assert refused(call("GET", path, key="abc")) == (400, 26, "Service API key should be UUID")
    for wrong in (str(uuid.uuid4()), server.detection_key):
        status, code, message = refused(call("GET", path, key=wrong))
        assert (status, code) == (404, 10)
        assert message == f"Recognition service with API Key {wrong} not found"
    assert call("GET", API + "/nothing/here").status_code == 500
    assert "text/html" in call("GET", API + "/nothing/here").headers["Content-Type"]


def test_wrong_verbs_and_paths(call: Call) -> None:
    assert refused(call("PUT", API + "/recognition/faces")) == (404, 0, "Request method 'PUT' not supported")
    unknown = call("GET", API + "/recognition/nothing")
    assert unknown.status_code == 404
    assert "code" not in unknown.json()
    assert call("GET", "/login", key=None).headers["Content-Type"] == "text/html"


def test_answers_are_indented(call: Call) -> None:
    assert call("GET", API + "/recognition/subjects").text == '{\n  "subjects" : []\n}'


# pictures


def test_recognise(server: TestCompreFace, call: Call, photo: Photo) -> None:
    path = API + "/recognition/recognize"
    empty = call("POST", path, file=photo("obama.jpg")).json()
    assert list(empty) == ["result"]
    assert empty["result"][0]["subjects"] == []
    assert set(empty["result"][0]) == {"box", "subjects"}
    for name in ("obama.jpg", "obama2.jpg", "biden.jpg"):
        subject = "Joe" if name == "biden.jpg" else "Barack"
        call("POST", API + "/recognition/faces", file=photo(name), params={"subject": subject})
    params = {"prediction_count": 3, "face_plugins": "landmarks, undefined,calculator", "status": "true"}
    (face,) = call("POST", path, file=photo("obama3.jpg"), params=params).json()["result"]
    assert [one["subject"] for one in face["subjects"]] == ["Barack", "Barack", "Joe"]  # examples, not subjects
    assert len(face["embedding"]) == 128
    assert len(face["landmarks"]) == 5
    assert "age" not in face
    assert "detector" in face["execution_time"]
    assert round(face["box"]["probability"], 5) == face["box"]["probability"]
    told = call("POST", path, file=photo("obama3.jpg"), params=params).json()["plugins_versions"]
    assert told == {"detector": "dlib.FaceDetector", "calculator": "dlib.Calculator"}


def test_form_fields_count_as_parameters(call: Call, photo: Photo) -> None:
    answer = call(
        "POST",
        API + "/recognition/recognize",
        files={"file": ("a.jpg", photo("t1.jpg")), "limit": (None, "2")},
    )
    areas = [
        (f["box"]["x_max"] - f["box"]["x_min"]) * (f["box"]["y_max"] - f["box"]["y_min"])
        for f in answer.json()["result"]
    ]
    assert len(areas) == 2
    assert areas[0] >= areas[1]


def test_pictures_it_cannot_use(call: Call, photo: Photo) -> None:
    path = API + "/recognition/recognize"
    assert refused(call("POST", path, file=photo("rocket.jpg")))[:2] == (400, 28)
    assert refused(call("POST", path, file=b"no picture"))[:2] == (400, 28)
    assert refused(call("POST", path, file=photo("obama.jpg"), params={"det_prob_threshold": 1.5}))[:2] == (400, 28)
    assert refused(call("POST", path, files={"file": ("a.heic", b"x")}))[:2] == (400, 21)
    assert refused(call("POST", path, files={"other": ("a.jpg", b"x")})) == (400, 34, "Required part file is missing")
    assert refused(call("POST", path, json={})) == (400, 5, "Field content cannot be empty")
    assert refused(call("POST", path, json={"file": "data:image/png;base64,AAAA"}))[:2] == (400, 21)
    assert call("POST", path, data="x", headers={"Content-Type": "text/plain"}).status_code == 415
    grey = io.BytesIO()
    Image.new("LA", (50, 50)).save(grey, "PNG")
    assert refused(call("POST", path, file=grey.getvalue()))[:2] == (500, 41)


def test_numbers_it_cannot_use(call: Call, photo: Photo) -> None:
    path = API + "/recognition/recognize"
    malformed = call("POST", path, file=photo("obama.jpg"), params={"limit": "abc"})
    assert (malformed.status_code, malformed.content) == (400, b"")
    status, code, message = refused(call("POST", path, file=photo("obama.jpg"), params={"limit": -1}))
    assert (status, code) == (400, 26)
    assert message.endswith("; ")
    assert refused(call("POST", path, file=photo("obama.jpg"), params={"prediction_count": 0}))[:2] == (400, 26)


def test_sizes(server: TestCompreFace, call: Call, photo: Photo) -> None:
    path = API + "/recognition/recognize"
    server.max_file_bytes, server.max_request_bytes = 1000, 30_000_000
    assert refused(call("POST", path, file=photo("obama.jpg")))[:2] == (400, 0)
    encoded = base64.b64encode(photo("obama.jpg")).decode()
    assert call("POST", path, json={"file": encoded}).status_code == 200  # only the whole request is limited here
    server.max_request_bytes = 1000
    large = call("POST", path, json={"file": encoded})
    assert large.status_code == 413
    assert "nginx" in large.text


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


def test_detection_and_verification(server: TestCompreFace, call: Call, photo: Photo) -> None:
    found = call("POST", API + "/detection/detect", key=server.detection_key, file=photo("obama.jpg")).json()
    assert set(found["result"][0]) == {"box"}
    files = {"source_image": ("a.jpg", photo("obama.jpg")), "target_image": ("b.jpg", photo("t1.jpg"))}
    path = API + "/verification/verify"
    answer = call("POST", path, key=server.verification_key, files=files, params={"status": "true"}).json()
    (element,) = answer["result"]
    assert set(element) == {"source_image_face", "face_matches", "plugins_versions"}
    assert len(element["face_matches"]) == 6
    swapped = {"source_image": files["target_image"], "target_image": files["source_image"]}
    assert refused(call("POST", path, key=server.verification_key, files=swapped))[:2] == (400, 31)
    limited = call("POST", path, key=server.verification_key, files=swapped, params={"limit": 1})
    assert len(limited.json()["result"][0]["face_matches"]) == 1


def test_verify_against_a_stored_example(call: Call, photo: Photo) -> None:
    added = call("POST", API + "/recognition/faces", file=photo("obama.jpg"), params={"subject": "Barack"}).json()
    path = f"{API}/recognition/faces/{added['image_id']}/verify"
    (face,) = call("POST", path, file=photo("obama2.jpg")).json()["result"]
    assert face["subject"] == "Barack"  # told, and not documented
    assert face["similarity"] > 0.75
    unknown = f"{API}/recognition/faces/{uuid.uuid4()}/verify"
    assert refused(call("POST", unknown, file=photo("obama2.jpg"))) == (404, 44, "Image Id is incorrect")


def test_embeddings(server: TestCompreFace, call: Call, photo: Photo) -> None:
    added = call("POST", API + "/recognition/faces", file=photo("obama.jpg"), params={"subject": "Barack"}).json()
    rows = []
    for name in ("biden.jpg", "obama2.jpg"):
        params = {"face_plugins": "calculator"}
        answer = call("POST", API + "/recognition/recognize", file=photo(name), params=params)
        rows.append(answer.json()["result"][0]["embedding"])
    body = {"embeddings": rows}
    kept = call("POST", API + "/recognition/embeddings/recognize", json=body).json()["result"]
    assert [one["embedding"] for one in kept] == rows
    assert kept[1]["similarities"][0]["subject"] == "Barack"
    path = f"{API}/recognition/embeddings/faces/{added['image_id']}/verify"
    ordered = call("POST", path, json=body).json()["result"]
    assert [one["embedding"] for one in ordered] == rows[::-1]
    body = {"source": rows[1], "targets": rows}
    best = call("POST", API + "/verification/embeddings/verify", key=server.verification_key, json=body)
    assert best.json()["result"][0]["similarity"] > 0.9999
    assert refused(call("POST", API + "/recognition/embeddings/recognize", json={"embeddings": []}))[:2] == (400, 37)
    assert refused(call("POST", API + "/recognition/embeddings/recognize", json={"embeddings": [[1.0, 2.0]]})) == (
        400,
        0,
        "Something went wrong, please try again",
    )


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


# the collection


def test_subjects(server: TestCompreFace, call: Call) -> None:
    path = API + "/recognition/subjects"
    assert call("POST", path, json={"subject": "Ann"}).status_code == 201
    assert refused(call("POST", path, json={"subject": "ANN"})) == (400, 43, "Subject already exists")
    assert refused(call("POST", path, json={"subject": " "}))[:2] == (400, 26)
    assert refused(call("POST", path, json={"subject": "x" * 51}))[:2] == (400, 26)
    assert refused(call("POST", path, json={"subject": "a/b"}))[:2] == (400, 36)
    broken = call("POST", path, data="{", headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.content) == (400, b"")
    assert call("PUT", path + "/Ann", json={"subject": "Bea"}).json() == {"updated": True}
    assert call("PUT", path + "/Bea", json={"subject": "Bea"}).json() == {"updated": False}
    assert refused(call("PUT", path + "/Ann", json={"subject": "Cid"})) == (404, 42, "Subject Ann not found")
    assert call("DELETE", path + "/bea").json() == {"subject": "Bea"}
    assert refused(call("DELETE", path + "/Bea"))[:2] == (404, 42)


@pytest.mark.parametrize("name", ["", "%2F", "%2E", ".", "x/.."])
def test_a_trailing_slash_wipes_the_collection(server: TestCompreFace, call: Call, name: str) -> None:
    for subject in ("Ann", "Bea"):
        call("POST", API + "/recognition/subjects", json={"subject": subject})
    assert call("DELETE", f"{API}/recognition/subjects/{name}").json() == {"deleted": 2}
    assert server.violations


def test_examples(server: TestCompreFace, call: Call, photo: Photo) -> None:
    path = API + "/recognition/faces"
    first = call("POST", path, file=photo("obama.jpg"), params={"subject": "Barack"})
    assert first.status_code == 201
    again = call("POST", path, file=photo("obama.jpg"), params={"subject": "BARACK"}).json()
    assert again["subject"] == "BARACK"  # echoed as submitted
    assert server.collection().subjects == ["Barack"]  # stored as it was
    assert refused(call("POST", path, file=photo("t1.jpg"), params={"subject": "x"}))[:2] == (400, 31)
    assert refused(call("POST", path, file=photo("obama.jpg"))) == (400, 33, "Required parameter subject is missing")
    assert refused(call("POST", path, file=photo("obama.jpg"), params={"subject": ""}))[:2] == (400, 26)
    page = call("GET", path, params={"subject": "Barack", "size": 1}).json()
    assert (page["total_elements"], page["total_pages"], page["page_number"]) == (2, 2, 0)
    assert call("GET", path, params={"subject": "barack"}).json()["faces"] == []  # exact
    assert refused(call("DELETE", path)) == (400, 26, "Subject name is empty; ")
    image_id = first.json()["image_id"]
    picture = call("GET", f"{path}/{image_id}/img")
    assert picture.content == photo("obama.jpg")
    assert picture.headers["Content-Type"] == "application/octet-stream"
    static = call("GET", f"{API}/static/{server.recognition_key}/images/{image_id}", key=None)
    assert static.content == photo("obama.jpg")
    missing = call("GET", f"{path}/{uuid.uuid4()}/img")
    assert (missing.status_code, missing.content) == (200, b"")
    assert "max-age" in missing.headers["Cache-Control"]
    assert call("DELETE", f"{path}/no-uuid").content == b""
    assert call("DELETE", f"{path}/{image_id}").json()["subject"] == "Barack"
    assert refused(call("DELETE", f"{path}/{image_id}"))[:2] == (404, 44)
    gone = call("POST", f"{path}/delete", json=[again["image_id"], str(uuid.uuid4())]).json()
    assert gone == [{"image_id": again["image_id"], "subject": "Barack"}]
    assert server.collection().subjects == ["Barack"]  # without examples


def test_line_wrapped_base64_is_recognised_and_not_saved(call: Call, photo: Photo) -> None:
    wrapped = base64.encodebytes(photo("obama.jpg")).decode()
    assert call("POST", API + "/recognition/recognize", json={"file": wrapped}).status_code == 200
    body = {"file": wrapped}
    assert refused(call("POST", API + "/recognition/faces", json=body, params={"subject": "x"}))[:2] == (400, 0)


def test_deleting_by_another_spelling_leaves_the_cache_behind(call: Call, photo: Photo) -> None:
    call("POST", API + "/recognition/faces", file=photo("obama.jpg"), params={"subject": "Barack"})
    assert call("DELETE", API + "/recognition/subjects/barack").json() == {"subject": "Barack"}
    (face,) = call("POST", API + "/recognition/recognize", file=photo("obama2.jpg")).json()["result"]
    assert face["subjects"][0]["subject"] == "Barack"


def test_two_spellings_of_a_name_break_every_lookup(server: TestCompreFace, call: Call) -> None:
    server.collection().subjects += ["John", "john"]
    assert refused(call("DELETE", API + "/recognition/subjects/John"))[:2] == (400, 0)


def test_migration(server: TestCompreFace, call: Call, photo: Photo) -> None:
    assert call("POST", API + "/migrate", key=None).text == "Migration started"
    assert refused(call("POST", API + "/migrate", key=None))[:2] == (400, 27)
    path = API + "/recognition/faces"
    assert refused(call("POST", path, file=photo("obama.jpg"), params={"subject": "x"}))[:2] == (405, 32)
    assert call("POST", API + "/recognition/subjects", json={"subject": "x"}).status_code == 201


# the service


def test_service_endpoints(server: TestCompreFace, call: Call) -> None:
    told = {"clientMaxFileSize": 5 * 1024 * 1024, "clientMaxBodySize": 10 * 1024 * 1024}
    assert call("GET", API + "/config", key=None).json() == told
    status = call("GET", "/core/status", key=None).json()
    assert status["similarity_coefficients"] == [server.core.build.c0, server.core.build.c1]
    assert call("GET", API + "/consistence/status", key=None).json()["saveImagesToDB"] is True
    server.core.down = True
    assert refused(call("GET", API + "/consistence/status", key=None))[:2] == (500, 41)
    assert call("GET", "/core/status", key=None).status_code == 502


def test_state_survives_a_restart(server: TestCompreFace, call: Call) -> None:
    call("POST", API + "/recognition/subjects", json={"subject": "Ann"})
    server.stop()
    with pytest.raises(requests.ConnectionError):
        call("GET", API + "/recognition/subjects")
    server.start()
    assert call("GET", API + "/recognition/subjects").json() == {"subjects": ["Ann"]}


# the official SDK


def test_the_official_sdk(server: TestCompreFace, photos_dir: Path) -> None:
    """Add, list, recognise, verify, delete with compreface-sdk, as a user's own script does."""
    sdk = pytest.importorskip("compreface", reason="compreface-sdk is not installed")
    face = sdk.CompreFace("http://127.0.0.1", str(server.port))
    recognition = face.init_face_recognition(server.recognition_key)
    collection, subjects = recognition.get_face_collection(), recognition.get_subjects()
    assert subjects.add("Barack Obama") == {"subject": "Barack Obama"}
    added = collection.add(str(photos_dir / "obama.jpg"), "Barack Obama", {"det_prob_threshold": 0.6})
    collection.add(str(photos_dir / "biden.jpg"), "Joe Biden")
    assert {one["subject"] for one in collection.list()["faces"]} == {"Barack Obama", "Joe Biden"}
    options = {"limit": 0, "prediction_count": 2, "face_plugins": "calculator,age,landmarks", "status": "true"}
    found = recognition.recognize(str(photos_dir / "obama2.jpg"), options)
    assert found["result"][0]["subjects"][0]["subject"] == "Barack Obama"
    assert found["plugins_versions"]["calculator"] == "dlib.Calculator"
    verified = collection.verify(str(photos_dir / "obama3.jpg"), added["image_id"])
    assert verified["result"][0]["similarity"] > 0.5
    detection = face.init_face_detection(server.detection_key)
    assert len(detection.detect(str(photos_dir / "t1.jpg"))["result"]) == 6
    verification = face.init_face_verification(server.verification_key)
    pair = verification.verify(str(photos_dir / "obama.jpg"), str(photos_dir / "obama2.jpg"))
    assert pair["result"][0]["face_matches"][0]["similarity"] > 0.75
    assert subjects.update("Joe Biden", "Joseph Biden") == {"updated": True}
    assert collection.delete(added["image_id"])["subject"] == "Barack Obama"
    assert subjects.delete("Joseph Biden") == {"subject": "Joseph Biden"}
    assert subjects.list() == {"subjects": ["Barack Obama"]}
    assert server.violations == []
    subjects.delete("")  # what its documentation does not say
    assert server.collection().subjects == []
    assert json.loads(server.requests[-1].body or b"{}") == {}
