"""Signing in, staying in, waiting for a restart, and one sentence for everything else."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compreface_plugin.domain.errors import (
    Cancelled,
    MediaUnavailable,
    NotAuthorised,
    ServiceRefused,
    ServiceUnavailable,
    SettingsError,
)
from compreface_plugin.stash.client import AnswerLost, StashClient
from compreface_plugin.stash.library import StashLibrary
from compreface_plugin.stash.records import NewPerformer
from teststash import TestStash

VERSION = "query V { version { version } }"


def test_the_first_request_learns_everything(tmp_path: Path, connect: Callable[..., StashClient]) -> None:
    with TestStash(tmp_path / "config", version="v0.29.1") as server:
        server.set_plugin_settings("compreface", {"maxBatchSize": 5})
        client = connect(server)
        assert client.version.startswith("v0.29.1")
        assert client.plugin_settings("compreface") == {"maxBatchSize": 5}
        assert server.graphql_count == client.requests == 1
        assert client.plugin_settings("other") == {}


def test_a_plugin_never_configured_has_no_settings(client: StashClient) -> None:
    assert client.plugin_settings("compreface") == {}


@pytest.mark.parametrize("version", ["v0.28.1", "v0.29.3", "v0.30.1", "v0.31.1"])
def test_every_version_understands_every_document(
    tmp_path: Path, connect: Callable[..., StashClient], picture: Callable[..., Path], version: str
) -> None:
    """One unknown field would be a 422."""
    with TestStash(tmp_path / "config", version=version) as server:
        image = server.add_image(picture())
        gallery = server.add_gallery([image])
        performer = server.add_performer("Ann")
        library = StashLibrary(connect(server))
        assert library.images([int(image)]).records[0].files[0].width == 32
        assert library.image_page(0, 10)[0].id == int(image)
        assert library.gallery_image_ids(int(gallery)) == [int(image)]
        assert library.gallery(int(gallery)) is not None
        assert library.performers()[0].name == "Ann"
        assert library.performer_use(performer) is not None
        tag = library.tag_get_or_create("Seen")
        assert library.tag(tag.id) is not None
        assert library.tag_use(tag.id) == 0
        assert library.performer_destroy(library.performers_create([NewPerformer("Bea")])[0].id)
        assert library.tag_destroy(tag.id)
        assert library.jobs() == ()
        assert all(record.status == 200 for record in server.graphql_requests)


def test_a_self_signed_certificate_on_this_machine(tmp_path: Path, connect: Callable[..., StashClient]) -> None:
    certificate = (str(tmp_path / "stash.crt"), str(tmp_path / "stash.key"))
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=not-this-machine"]
    try:
        subprocess.run([*make, "-out", certificate[0], "-keyout", certificate[1]], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl program to make a certificate with")
    with TestStash(tmp_path / "config", certificate=certificate) as server:
        assert connect(server).address.base.startswith("https://127.0.0.1:")


def test_proxies_and_ca_bundles_of_the_environment_do_not_matter(
    stash: TestStash, connect: Callable[..., StashClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    assert connect(stash).version


def test_the_cookie_slides(tmp_path: Path, connect: Callable[..., StashClient]) -> None:
    """Always sending the first cookie would end after the session's age."""
    with TestStash(tmp_path / "config", username="ann") as server:
        client = connect(server)
        client.execute(VERSION)
        client.execute(VERSION)
        sent = [record.headers["Cookie"] for record in server.graphql_requests]
        assert len(set(sent)) == 3
        assert all(cookie.count("session=") == 1 for cookie in sent), "the old one is replaced, not joined"


def test_without_a_session_there_is_one_sentence(tmp_path: Path, connect: Callable[..., StashClient]) -> None:
    with TestStash(tmp_path / "config", username="ann") as server, pytest.raises(NotAuthorised) as caught:
        connect(server, cookie=False)
    assert "HTTP 401" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_api_key_goes_beside_the_cookie(tmp_path: Path, connect: Callable[..., StashClient]) -> None:
    masked: list[str] = []
    with TestStash(tmp_path / "config", username="ann", api_key="a.secret.key") as server:
        client = connect(server, mask=masked.append)
        client.execute(VERSION)
        first, second = server.graphql_requests
        assert "ApiKey" not in first.headers
        assert second.headers["ApiKey"] == "a.secret.key"
        assert second.headers["Cookie"]
    assert "a.secret.key" in masked
    assert any(len(secret) > 40 for secret in masked), "the cookie too"


def test_a_withdrawn_api_key_is_dropped(tmp_path: Path, connect: Callable[..., StashClient]) -> None:
    with TestStash(tmp_path / "config", username="ann", api_key="old") as server:
        client = connect(server)
        server.api_key = "new"
        assert client.execute(VERSION)
        assert "ApiKey" not in server.graphql_requests[-1].headers


def test_a_restart_is_waited_for(stash: TestStash, connect: Callable[..., StashClient], told: Any) -> None:
    client = connect(stash, total_s=30.0)
    stash.go_down()
    back = threading.Timer(0.4, stash.come_back)
    back.start()
    assert client.execute(VERSION)
    back.join()
    warnings = [text for level, text in told.lines if level == "warning"]
    assert len(warnings) == 1
    assert "does not answer (connection refused)" in warnings[0]


def test_a_gateway_page_is_waited_for(stash: TestStash, client: StashClient) -> None:
    stash.faults.gateway_error(times=2)
    assert client.execute(VERSION)


def test_a_broken_connection_is_tried_again(stash: TestStash, client: StashClient) -> None:
    stash.faults.drop_connection()
    stash.faults.drop_answer()
    assert client.execute(VERSION)


def test_a_stash_that_stays_away_is_one_sentence(stash: TestStash, connect: Callable[..., StashClient]) -> None:
    client = connect(stash, total_s=0.6)
    stash.go_down()
    with pytest.raises(ServiceUnavailable) as caught:
        client.execute(VERSION)
    assert client.address.base in str(caught.value)
    assert "connection refused" in str(caught.value)


def test_waiting_can_be_cancelled(stash: TestStash, client: StashClient) -> None:
    def stop(seconds: float) -> None:
        raise Cancelled("asked to")

    client.wait_with(stop)
    stash.faults.gateway_error(times=10)
    with pytest.raises(Cancelled):
        client.execute(VERSION)


def test_what_must_not_happen_twice_is_not_sent_twice(stash: TestStash, client: StashClient) -> None:
    stash.faults.drop_answer()
    document = 'mutation M { tagCreate(input: {name: "once"}) { id } }'
    with pytest.raises(AnswerLost):
        client.execute(document, repeatable=False)
    assert stash.tag_id("once") is not None


def test_what_never_left_is_sent_again(stash: TestStash, connect: Callable[..., StashClient]) -> None:
    client = connect(stash, total_s=30.0)
    stash.go_down()
    back = threading.Timer(0.3, stash.come_back)
    back.start()
    assert client.execute('mutation M { tagCreate(input: {name: "later"}) { id } }', repeatable=False)
    back.join()


def test_an_unknown_field_names_the_version(client: StashClient) -> None:
    with pytest.raises(ServiceRefused) as caught:
        client.execute("query Q { version { flavour } }")
    assert client.version in str(caught.value)
    assert "flavour" in str(caught.value)
    assert "0.28 or newer" in str(caught.value)


def test_words_of_stash_are_repeated(stash: TestStash, client: StashClient) -> None:
    stash.add_performer("Ann")
    with pytest.raises(ServiceRefused, match="already exists"):
        client.execute('mutation M { performerCreate(input: {name: "Ann"}) { id } }')


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<html>login</html>", NotAuthorised),
        (400, b"bad", ServiceRefused),
        (404, b"404 page not found", ServiceRefused),
        (403, b"exposed to the internet", NotAuthorised),
        (500, b"", ServiceRefused),
    ],
)
def test_answers_that_are_no_data(
    stash: TestStash, client: StashClient, status: int, body: bytes, kind: type[Exception]
) -> None:
    stash.faults.answer(status, body)
    with pytest.raises(kind) as caught:
        client.execute(VERSION)
    assert f"HTTP {status}" in str(caught.value)


def test_pictures_come_from_our_address(
    tmp_path: Path, connect: Callable[..., StashClient], picture: Callable[..., Path]
) -> None:
    with TestStash(tmp_path / "config", external_host="https://stash.example.org") as server:
        image = server.add_image(picture())
        performer = server.add_performer("Ann", picture("ann.jpg").read_bytes())
        client = connect(server)
        library = StashLibrary(client)
        record = library.images([int(image)]).records[0]
        assert record.image_url.startswith("https://stash.example.org/")
        data, content_type = client.get_bytes(record.image_url)
        assert data == picture().read_bytes()
        assert content_type == "image/jpeg"
        ann = next(found for found in library.performers() if found.id == performer)
        assert ann.has_own_image
        assert library.performer_picture(ann) == picture("ann.jpg").read_bytes()


def test_a_picture_that_is_gone_is_an_item_error(
    stash: TestStash, client: StashClient, picture: Callable[..., Path]
) -> None:
    with pytest.raises(MediaUnavailable, match=r"/image/999/image \(HTTP 404\)"):
        client.get_bytes("/image/999/image")
    image = stash.add_image(picture())
    picture().unlink()
    with pytest.raises(MediaUnavailable, match="HTTP 500"):
        client.get_bytes(f"/image/{image}/image")


def test_a_login_page_is_no_picture(
    tmp_path: Path, connect: Callable[..., StashClient], picture: Callable[..., Path]
) -> None:
    with TestStash(tmp_path / "config", username="ann") as server:
        image = server.add_image(picture())
        client = connect(server)
        assert client.get_bytes(f"/image/{image}/image")
        server.faults.login_page_for_pictures = True
        with pytest.raises(NotAuthorised, match=f"the picture /image/{image}/image"):
            client.get_bytes(f"/image/{image}/image")
        server.faults.clear()
        server.sessions.age_s = -1
        with pytest.raises(NotAuthorised, match="HTTP 302"):
            client.get_bytes(f"/image/{image}/image")


def test_another_web_page_is_no_picture_either(
    stash: TestStash, client: StashClient, picture: Callable[..., Path]
) -> None:
    image = stash.add_image(picture())
    stash.faults.answer(200, b"<html>some page</html>", matching="/image/")
    with pytest.raises(MediaUnavailable, match="web page instead"):
        client.get_bytes(f"/image/{image}/image")


def test_a_broken_off_picture_is_fetched_again(
    stash: TestStash, client: StashClient, picture: Callable[..., Path]
) -> None:
    image = stash.add_image(picture())
    stash.faults.drop_connection(matching="/image/")
    stash.faults.gateway_error(matching="/image/")
    assert client.get_bytes(f"/image/{image}/image")[0] == picture().read_bytes()


def test_threads_share_a_client(
    tmp_path: Path, connect: Callable[..., StashClient], picture: Callable[..., Path]
) -> None:
    with TestStash(tmp_path / "config", username="ann") as server:
        image = server.add_image(picture())
        client = connect(server)
        failed: list[BaseException] = []

        def work() -> None:
            try:
                for _ in range(10):
                    client.get_bytes(f"/image/{image}/image")
                    client.execute(VERSION)
            except BaseException as error:  # noqa: BLE001  # told to the test
                failed.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        assert client.requests == 81


def test_the_setting_stash_url_is_obeyed(stash: TestStash, connect: Callable[..., StashClient]) -> None:
    stash.set_plugin_settings("compreface", {"stashUrl": f"http://localhost:{stash.port}"})
    client = connect(stash)
    assert client.address.base == f"http://localhost:{stash.port}"
    assert client.execute(VERSION)
    stash.set_plugin_settings("compreface", {"stashUrl": "ftp://x"})
    with pytest.raises(SettingsError, match="stashUrl"):
        connect(stash)


def test_stashapp_tools_stays_quiet(stash: TestStash, client: StashClient, capfd: pytest.CaptureFixture[str]) -> None:
    for fault in (stash.faults.gateway_error, stash.faults.unauthorised):
        fault()
        try:
            client.execute(VERSION)
        except NotAuthorised:
            continue
    with pytest.raises(ServiceRefused):
        client.execute("query Q { nothing }")
    assert capfd.readouterr() == ("", "")
