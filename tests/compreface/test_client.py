"""Faults, keys and limits, over real HTTP: what is tried again, what is told, what never stands in a message."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from collections.abc import Callable
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image
from testcompreface import TestCompreFace
from testcompreface.collection import Stored

from compreface_plugin.compreface.client import FAILED_IN_A_ROW, LEAST_PROBABILITY
from compreface_plugin.compreface.open import CompreFace
from compreface_plugin.compreface.patience import Patience, pauses
from compreface_plugin.compreface.trouble import PictureFailed
from compreface_plugin.domain.calculators import Calculator, service_calculator
from compreface_plugin.domain.errors import (
    Cancelled,
    NotAuthorised,
    ServiceRefused,
    ServiceUnavailable,
)

Photo = Callable[[str], bytes]
Connect = Callable[..., CompreFace]
LOOK = "POST /api/v1/recognition/recognize"
PLUGINS = ("calculator", "landmarks")


def test_a_face_with_its_embedding(service: CompreFace, photo: Photo) -> None:
    seen = service.client.look(photo("obama.jpg"), PLUGINS)
    (face,) = seen.faces
    assert face.embedding is not None
    assert len(face.embedding) == 128
    assert face.landmarks is not None
    assert len(face.landmarks) == 5
    assert seen.versions["calculator"] == "dlib.Calculator"


def test_no_face_is_a_result(service: CompreFace, photo: Photo) -> None:
    assert service.client.look(photo("rocket.jpg"), PLUGINS).faces == ()


def test_the_request_is_as_the_server_wants_it(server: TestCompreFace, service: CompreFace, photo: Photo) -> None:
    service.client.look(photo("obama.jpg"), PLUGINS, least_probability=0.0)
    request = server.requests[-1]
    assert request.headers["x-api-key"] == server.recognition_key
    assert b'filename="picture.jpg"' in request.body
    assert f"det_prob_threshold={LEAST_PROBABILITY:g}" in request.path
    assert server.violations == []


def test_with_a_detection_key_the_collection_is_not_searched(
    server: TestCompreFace, connect: Connect, photo: Photo
) -> None:
    service = connect(detection_key=server.detection_key)
    (face,) = service.client.look(photo("obama.jpg"), PLUGINS).faces
    assert face.embedding is not None
    assert server.count("/detection/detect") == 1
    assert server.count("/recognize") == 0


@pytest.mark.parametrize(
    "order",
    [
        lambda faults: faults.gateway(502, 3),
        lambda faults: faults.gateway(503, 3),
        lambda faults: faults.gateway(504, 2),
        lambda faults: faults.error(500, 41, times=2),
        lambda faults: faults.error(400, 0, times=2),
        lambda faults: faults.hollow(2),
        lambda faults: faults.drop_connection(3),
        lambda faults: faults.drop_answer(3),
    ],
    ids=["502", "503", "504", "41", "400/0", "hollow", "cut", "cut after"],
)
def test_what_passes_is_waited_for(
    server: TestCompreFace, service: CompreFace, photo: Photo, order: Callable[..., None]
) -> None:
    order(server.faults)
    assert len(service.client.look(photo("obama.jpg"), PLUGINS).faces) == 1


def test_a_server_that_is_gone_comes_back(server: TestCompreFace, connect: Connect, photo: Photo) -> None:
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            server.start()

    service = connect(patience=Patience((0.01,) * 6, wait))
    server.stop()
    assert len(service.client.look(photo("obama.jpg"), PLUGINS).faces) == 1
    assert len(waited) == 3


def test_pauses_double_and_add_up_to_the_patience() -> None:
    assert pauses(60) == Patience().pauses_s == (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 28.5)
    assert pauses(100) == (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 8.5)
    assert pauses(0.25) == (0.25,)
    assert pauses(0) == ()


def test_a_server_that_stays_away_ends_the_run_with_one_sentence(
    server: TestCompreFace, service: CompreFace, photo: Photo, lines: object
) -> None:
    server.stop()
    with pytest.raises(ServiceUnavailable, match="connection refused; 6 tries"):
        service.client.look(photo("obama.jpg"), PLUGINS)
    warnings = [line for line in lines.told if "in trouble" in line]  # type: ignore[attr-defined]
    assert len(warnings) == 1


def test_once_given_up_nobody_waits_again_until_it_answers(
    server: TestCompreFace, connect: Connect, photo: Photo
) -> None:
    waited: list[float] = []
    service = connect(patience=Patience((0.01,) * 4, waited.append))
    server.stop()
    for _ in range(3):
        with pytest.raises(ServiceUnavailable):
            service.client.look(photo("obama.jpg"), PLUGINS)
    assert len(waited) == 4
    server.start()
    assert len(service.client.look(photo("obama.jpg"), PLUGINS).faces) == 1
    server.faults.gateway(502, 2)
    assert len(service.client.look(photo("obama.jpg"), PLUGINS).faces) == 1
    assert len(waited) == 6


def test_finding_the_server_loads_no_heavy_library() -> None:
    code = (
        "import sys, compreface_plugin.compreface.open;"
        "print({'numpy', 'PIL', 'dlib', 'onnxruntime', 'cv2'} & set(sys.modules) or '')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_picture_that_breaks_the_server_is_given_up_alone(
    server: TestCompreFace, service: CompreFace, photo: Photo
) -> None:
    server.core.poison.add(_size(photo("biden.jpg")))
    with pytest.raises(PictureFailed, match="HTTP 500, code 41"):
        service.client.look(photo("biden.jpg"), PLUGINS)
    assert server.count(LOOK) == 3
    assert len(service.client.look(photo("obama.jpg"), PLUGINS).faces) == 1


def test_when_every_picture_fails_the_server_is_the_cause(
    server: TestCompreFace, service: CompreFace, photo: Photo
) -> None:
    server.core.poison.add(_size(photo("biden.jpg")))
    for _ in range(FAILED_IN_A_ROW - 1):
        with pytest.raises(PictureFailed):
            service.client.look(photo("biden.jpg"), PLUGINS)
    with pytest.raises(ServiceUnavailable, match="fails on every picture"):
        service.client.look(photo("biden.jpg"), PLUGINS)


def test_a_dead_core_is_waited_for_as_long_as_a_dead_server(
    server: TestCompreFace, connect: Connect, photo: Photo
) -> None:
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        server.core.down = len(waited) != 4

    service = connect(patience=Patience((0.01,) * 5, wait))
    server.core.down = True
    assert len(service.client.look(photo("obama.jpg"), PLUGINS).faces) == 1  # four tries in vain, the fifth works
    server.core.down = True
    with pytest.raises(ServiceUnavailable, match=r"^The inference service of CompreFace at .* compreface-core"):
        service.client.look(photo("obama.jpg"), PLUGINS)


@pytest.mark.parametrize(("matching", "who"), [("/", "CompreFace at"), ("/core/", "The inference service of")])
def test_who_does_not_answer_is_told_apart(server: TestCompreFace, connect: Connect, matching: str, who: str) -> None:
    service = connect(patience=Patience((0.01,), lambda _: None))
    server.faults.gateway(502, 10, matching)
    with pytest.raises(ServiceUnavailable, match=f"^{who} .*HTTP 502: a web page"):
        service.client.model()


def test_examples_of_another_model_are_named_as_the_cause(
    server: TestCompreFace, connect: Connect, photo: Photo
) -> None:
    """The server cannot compare vectors of two lengths, and says so of no picture in particular."""
    old = Stored("one", "Ann", np.full(512, 512**-0.5), b"", "facenet.Calculator")
    server.collection().examples["one"] = old
    service = connect()
    for _ in range(FAILED_IN_A_ROW - 1):
        with pytest.raises(PictureFailed):
            service.client.look(photo("obama.jpg"), PLUGINS)
    with pytest.raises(ServiceRefused, match="examples were made by another model"):
        service.client.look(photo("obama.jpg"), PLUGINS)
    with_detection = connect(detection_key=server.detection_key)
    assert len(with_detection.client.look(photo("obama.jpg"), PLUGINS).faces) == 1


def test_what_core_says_is_told_without_the_servers_own_addresses(server: TestCompreFace, service: CompreFace) -> None:
    grey = io.BytesIO()
    Image.new("LA", (50, 50)).save(grey, "PNG")
    with pytest.raises(PictureFailed) as told:
        service.client.look(grey.getvalue(), PLUGINS)
    assert "synchronization between servers: PluginError: unsupported number of channels;" in str(told.value)


def test_cancelling_ends_the_waiting(server: TestCompreFace, connect: Connect, photo: Photo) -> None:
    def wait(_: float) -> None:
        raise Cancelled("Stopped as asked.")

    service = connect(patience=Patience((1.0,) * 6, wait))
    server.faults.gateway(502, 10)
    with pytest.raises(Cancelled):
        service.client.look(photo("obama.jpg"), PLUGINS)


def test_a_4xx_is_never_repeated(server: TestCompreFace, service: CompreFace, photo: Photo) -> None:
    server.faults.empty(400, times=1)
    before = len(server.requests)
    with pytest.raises(ServiceRefused, match="HTTP 400, empty"):
        service.client.look(photo("obama.jpg"), PLUGINS)
    assert len(server.requests) == before + 1


def test_a_wrong_key_is_explained_and_not_repeated_back(server: TestCompreFace, connect: Connect, photo: Photo) -> None:
    key = str(uuid4())
    with pytest.raises(NotAuthorised, match="recognitionApiKey") as caught:
        connect(key).client.look(photo("obama.jpg"), PLUGINS)
    assert key not in str(caught.value)


@pytest.mark.parametrize("kind", ["detection", "verification"])
def test_the_key_of_another_service_is_found_out(
    server: TestCompreFace, connect: Connect, photo: Photo, kind: str
) -> None:
    key = getattr(server, f"{kind}_key")
    with pytest.raises(NotAuthorised, match=f"holds the key of a {kind} service") as caught:
        connect(key).client.look(photo("obama.jpg"), PLUGINS)
    assert key not in str(caught.value)


def test_a_key_that_is_no_key(connect: Connect, photo: Photo) -> None:
    told = r"refuses the key in the setting recognitionApiKey \(.*should be UUID\): copy the whole key"
    with pytest.raises(NotAuthorised, match=told):
        connect("secret").client.look(photo("obama.jpg"), PLUGINS)


def test_a_wrong_detection_key_names_its_setting(server: TestCompreFace, connect: Connect, photo: Photo) -> None:
    service = connect(detection_key=server.recognition_key)
    with pytest.raises(NotAuthorised, match="detectionApiKey holds the key of a recognition service"):
        service.client.look(photo("obama.jpg"), PLUGINS)


def test_verification(server: TestCompreFace, connect: Connect, photo: Photo) -> None:
    service = connect(verification_key=server.verification_key)
    (same,) = service.client.verify(photo("obama.jpg"), photo("obama2.jpg"))
    (other,) = service.client.verify(photo("obama.jpg"), photo("biden.jpg"))
    assert same > 0.75 > other
    with pytest.raises(PictureFailed):
        service.client.verify(photo("t1.jpg"), photo("obama.jpg"))
    with pytest.raises(NotAuthorised, match="verificationApiKey"):
        connect().client.verify(photo("obama.jpg"), photo("obama2.jpg"))


def test_limits_are_asked_for_once(server: TestCompreFace, service: CompreFace) -> None:
    server.max_file_bytes = 123_456
    assert service.client.limits().file_bytes == 123_456
    service.client.limits()
    assert server.count("/config") == 2  # one by the search for the address


def test_the_model_is_told(server: TestCompreFace, service: CompreFace) -> None:
    model = service.client.model()
    assert model is not None
    assert service_calculator(model.model_id) == (
        "dlib.Calculator",
        Calculator(0, float(f"{model.c0:.6g}"), float(f"{model.c1:.6g}")),
    )
    assert (model.c0, model.c1) == (server.core.build.c0, server.core.build.c1)
    server.core_is_open = False
    assert service.client.model() is None


def test_two_at_a_time_and_the_first_alone(server: TestCompreFace, service: CompreFace, photo: Photo) -> None:
    """Parallel first calls would each load the whole collection."""
    server.faults.slow_first_s = 0.3
    names = ["obama.jpg", "obama2.jpg", "biden.jpg", "obama3.jpg"]
    threads = [threading.Thread(target=service.client.look, args=(photo(name), PLUGINS)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.loads == 1
    assert server.most_at_once <= 2


def _size(content: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(content)) as image:
        return image.size
