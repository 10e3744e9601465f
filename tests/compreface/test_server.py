"""What CompreFace 1.2.0 answers, its quirks included: asked of the test server, and of a real one that was given.

Plain HTTP, nothing of our client.
"""

from __future__ import annotations

import base64
import io
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from plain_compreface import API, Call, Server, caller, refused
from realcompreface import needs_real_server, real_server
from testcompreface import TestCompreFace

Photo = Callable[[str], bytes]


@pytest.fixture(params=["test", pytest.param("real", marks=needs_real_server)])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    if request.param == "test":
        with TestCompreFace() as running:
            yield running
    else:
        real = real_server()
        real.wipe()
        yield real


@pytest.fixture
def call(server: Server) -> Call:
    return caller(server)


# keys and routes


def test_the_key_is_checked_in_order(server: Server, call: Call) -> None:
    path = API + "/recognition/subjects"
    assert refused(call("GET", path, key=None)) == (400, 20, "Missing header: x-api-key")
    assert refused(call("GET", path, key="abc")) == (400, 26, "Service API key should be UUID")
    for wrong in (str(uuid.uuid4()), server.detection_key):
        status, code, message = refused(call("GET", path, key=wrong))
        assert (status, code) == (404, 10)
        assert message == f"Recognition service with API Key {wrong} not found"
        assert call("GET", path, key=wrong).headers["Content-Type"] == "application/json;charset=ISO-8859-1"
    assert refused(call("GET", path, key=None, headers={"x-api-key": ""}))[:2] == (400, 26)
    unknown = call("GET", API + "/nothing/here")
    assert (unknown.status_code, "code" in unknown.json()) == (500, False)


def test_wrong_verbs_and_paths(call: Call) -> None:
    assert refused(call("PUT", API + "/recognition/faces")) == (404, 0, "Request method 'PUT' not supported")
    for method in ("GET", "PATCH"):
        path = API + "/recognition/subjects/Ann"
        assert refused(call(method, path)) == (404, 0, f"Request method '{method}' not supported")
    for method in ("GET", "POST", "DELETE"):
        unknown = call(method, API + "/recognition/nothing")
        assert unknown.status_code == 404
        assert "code" not in unknown.json()
    assert call("GET", "/login", key=None).headers["Content-Type"] == "text/html"
    assert call("GET", "/api/v1", key=None, allow_redirects=False).status_code == 301
    assert refused(call("POST", API + "/config", key=None))[:2] == (404, 0)  # no key is asked for


def test_answers_are_indented(call: Call) -> None:
    path = API + "/recognition/subjects"
    assert call("GET", path).text == '{\n  "subjects" : [ ]\n}'
    call("POST", path, json={"subject": "Ann"})
    assert call("GET", path).text == '{\n  "subjects" : [ "Ann" ]\n}'


def test_what_is_accepted(call: Call) -> None:
    for accept in ("text/html", "application/xml"):
        refusal = call("GET", API + "/recognition/subjects", headers={"Accept": accept})
        assert (refusal.status_code, refusal.content) == (406, b"")
    path = f"{API}/recognition/faces/{uuid.uuid4()}/img"
    assert call("GET", path, headers={"Accept": "application/json"}).status_code == 406
    assert call("GET", path, headers={"Accept": "application/json, application/octet-stream"}).status_code == 200


# pictures


def test_recognise(server: Server, call: Call, photo: Photo) -> None:
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
    assert len(face["embedding"]) >= 128
    assert len(face["landmarks"]) == 5
    assert "age" not in face
    assert "detector" in face["execution_time"]
    assert round(face["box"]["probability"], 5) == face["box"]["probability"]
    told = call("POST", path, file=photo("obama3.jpg"), params=params).json()["plugins_versions"]
    assert set(told) == {"detector", "calculator"}


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
    assert refused(call("POST", path, json={"file": ""}))[:2] == (400, 28)
    assert refused(call("POST", path, json={"file": "AAA"}))[:2] == (500, 41)  # no padding
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


def test_plugins_that_contain_the_word_calculator(server: Server, call: Call, photo: Photo) -> None:
    """The API looks for the word, core for the slug: neither computes the vector then."""
    params = {"face_plugins": "calculators"}
    assert refused(call("POST", API + "/recognition/recognize", file=photo("obama.jpg"), params=params))[:2] == (400, 0)
    detected = call("POST", API + "/detection/detect", key=server.detection_key, file=photo("obama.jpg"), params=params)
    assert set(detected.json()["result"][0]) == {"box"}


def test_sizes(call: Call, photo: Photo) -> None:
    path = API + "/recognition/recognize"

    def padded(size: int) -> bytes:
        return photo("obama.jpg").ljust(size, b"\0")

    mebibyte = 1024 * 1024
    assert call("POST", path, file=padded(5 * mebibyte)).status_code == 200
    assert refused(call("POST", path, file=padded(5 * mebibyte + 1)))[:2] == (400, 0)
    encoded = base64.b64encode(padded(7 * mebibyte)).decode()
    assert call("POST", path, json={"file": encoded}).status_code == 200  # only the whole request is limited here
    large = call("POST", path, file=padded(10 * mebibyte))
    assert large.status_code == 413
    assert "nginx" in large.text


def test_detection_and_verification(server: Server, call: Call, photo: Photo) -> None:
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


def test_embeddings(server: Server, call: Call, photo: Photo) -> None:
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
    assert refused(call("POST", API + "/recognition/embeddings/recognize", json={"embeddings": []}))[:2] == (400, 5)
    assert refused(call("POST", API + "/recognition/embeddings/recognize", json={"embeddings": [[1.0, 2.0]]})) == (
        400,
        0,
        "Something went wrong, please try again",
    )
    empty = {"embeddings": [[0.0] * len(rows[0])]}
    assert refused(call("POST", API + "/recognition/embeddings/recognize", json=empty))[:2] == (400, 0)
    text = call("POST", API + "/recognition/embeddings/recognize", data="x", headers={"Content-Type": "text/plain"})
    assert text.status_code == 415


def test_subjects(server: Server, call: Call) -> None:
    path = API + "/recognition/subjects"
    assert call("POST", path, json={"subject": "Ann"}).status_code == 201
    assert refused(call("POST", path, json={"subject": "ANN"})) == (400, 43, "Subject already exists")
    assert refused(call("POST", path, json={"subject": " "})) == (400, 26, "Subject name cannot be empty")
    assert call("POST", path, json={"subject": 5}).json() == {"subject": "5"}
    assert call("POST", path, data="x", headers={"Content-Type": "text/plain"}).status_code == 415
    assert call("POST", path, data="").status_code == 400
    assert refused(call("POST", path, json={"subject": "x" * 51})) == (
        400,
        26,
        "Subject name size must be between 1 and 50",
    )
    assert refused(call("POST", path, json={"subject": "a/b"}))[:2] == (400, 36)
    broken = call("POST", path, data="{", headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.content) == (400, b"")
    assert call("PUT", path + "/Ann", json={"subject": "Bea"}).json() == {"updated": True}
    assert call("PUT", path + "/Bea", json={"subject": "Bea"}).json() == {"updated": False}
    assert call("PUT", path + "/nobody", json={"subject": "nobody"}).json() == {"updated": False}
    assert refused(call("PUT", path + "/%20", json={"subject": "Cid"})) == (400, 26, "Subject name is empty; ")
    assert call("DELETE", path + "/a%5Cb").status_code == 400  # a page of the container below
    assert refused(call("PUT", path + "/Ann", json={"subject": "Cid"})) == (404, 42, "Subject Ann not found")
    assert call("DELETE", path + "/bea").json() == {"subject": "Bea"}
    assert refused(call("DELETE", path + "/Bea"))[:2] == (404, 42)


@pytest.mark.parametrize("name", ["", "%2F", "%2E", ".", "x/.."])
def test_a_trailing_slash_wipes_the_collection(server: Server, call: Call, name: str) -> None:
    for subject in ("Ann", "Bea"):
        call("POST", API + "/recognition/subjects", json={"subject": subject})
    assert call("DELETE", f"{API}/recognition/subjects/{name}").json() == {"deleted": 2}


def test_examples(server: Server, call: Call, photo: Photo) -> None:
    path = API + "/recognition/faces"
    first = call("POST", path, file=photo("obama.jpg"), params={"subject": "Barack"})
    assert first.status_code == 201
    again = call("POST", path, file=photo("obama.jpg"), params={"subject": "BARACK"}).json()
    assert again["subject"] == "BARACK"  # echoed as submitted
    assert call("GET", API + "/recognition/subjects").json() == {"subjects": ["Barack"]}  # stored as it was
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
    assert call("GET", API + "/recognition/subjects").json() == {"subjects": ["Barack"]}  # without examples
    assert refused(call("POST", f"{path}/delete", json=[None]))[:2] == (400, 0)
    assert refused(call("DELETE", f"{path}/1-1-1-1-1"))[:2] == (404, 44)  # short, and a UUID to Java


def test_lists_take_what_they_understand(call: Call, photo: Photo) -> None:
    path = API + "/recognition/faces"
    for subject in ("Barack", "Michelle", "Barack"):
        call("POST", path, file=photo("obama.jpg"), params={"subject": subject})
    for odd in ({"size": "abc"}, {"size": 0}, {"page": -1}, {"page": "x"}, {"sort": ""}):
        page = call("GET", path, params=odd).json()
        assert (page["page_size"], page["page_number"], len(page["faces"])) == (20, 0, 3)
    assert call("GET", path, params={"size": 5000}).json()["page_size"] == 2000
    assert refused(call("GET", path, params={"sort": "nothing"}))[:2] == (400, 0)
    assert refused(call("GET", path, params={"page": 2**31 - 1}))[:2] == (400, 0)
    rows = [call("GET", path, params={"sort": "id", "size": 1, "page": at}).json()["faces"][0] for at in range(3)]
    assert [row["image_id"] for row in rows] == sorted(row["image_id"] for row in rows)


def test_odd_subjects_of_examples(call: Call, photo: Photo) -> None:
    path = API + "/recognition/faces"
    twice = call("POST", path, file=photo("obama.jpg"), params={"subject": ["A", "B"]})
    assert twice.json()["subject"] == "A,B"
    assert refused(call("POST", path, file=photo("obama.jpg"), params={"subject": "x" * 256}))[:2] == (400, 0)
    assert refused(call("POST", path, file=photo("obama.jpg"), params={"subject": "a\0b"}))[:2] == (400, 0)
    assert call("GET", API + "/recognition/subjects").json() == {"subjects": ["A,B"]}


def test_line_wrapped_base64_is_recognised_and_not_saved(call: Call, photo: Photo) -> None:
    wrapped = base64.encodebytes(photo("obama.jpg")).decode()
    assert call("POST", API + "/recognition/recognize", json={"file": wrapped}).status_code == 200
    body = {"file": wrapped}
    assert refused(call("POST", API + "/recognition/faces", json=body, params={"subject": "x"}))[:2] == (400, 0)
    other = base64.urlsafe_b64encode(photo("obama.jpg")).decode()
    assert refused(call("POST", API + "/recognition/recognize", json={"file": other}))[1] in (28, 41)  # taken, in vain


def test_deleting_by_another_spelling_leaves_the_cache_behind(call: Call, photo: Photo) -> None:
    call("POST", API + "/recognition/faces", file=photo("obama.jpg"), params={"subject": "Barack"})
    call("POST", API + "/recognition/recognize", file=photo("obama2.jpg"))  # which reads the collection
    assert call("DELETE", API + "/recognition/subjects/barack").json() == {"subject": "Barack"}
    (face,) = call("POST", API + "/recognition/recognize", file=photo("obama2.jpg")).json()["result"]
    assert face["subjects"][0]["subject"] == "Barack"


def test_renaming_by_another_spelling_leaves_the_cache_behind(call: Call, photo: Photo) -> None:
    added = call("POST", API + "/recognition/faces", file=photo("obama.jpg"), params={"subject": "Barack"}).json()
    call("POST", API + "/recognition/recognize", file=photo("obama2.jpg"))
    assert call("PUT", API + "/recognition/subjects/barack", json={"subject": "B"}).json() == {"updated": True}
    (face,) = call("POST", API + "/recognition/recognize", file=photo("obama2.jpg")).json()["result"]
    assert face["subjects"][0]["subject"] == "Barack"
    # the example goes from the database, not from the cache, and the answer is an error
    assert refused(call("DELETE", f"{API}/recognition/faces/{added['image_id']}"))[:2] == (400, 0)
    assert call("GET", API + "/recognition/faces").json()["faces"] == []


def test_the_official_sdk(server: Server, photos_dir: Path) -> None:
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
    assert "calculator" in found["plugins_versions"]
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
    subjects.delete("")  # what its documentation does not say
    assert subjects.list() == {"subjects": []}
