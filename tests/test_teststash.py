"""The test Stash keeps Stash's rules: what other tests rely on is checked here, over real HTTP."""

from __future__ import annotations

import json
import threading
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import requests
from websockets.sync.client import connect

from teststash import TestStash
from teststash.subscriptions import PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from teststash.jobs import Job

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


def ask(stash: TestStash, query: str, variables: dict[str, Any] | None = None, **headers: str) -> Any:
    """The whole answer document."""
    sent = {"query": query, "variables": variables or {}}
    headers = {"Accept": "application/json", **headers}
    answer = requests.post(f"{stash.url}/graphql", json=sent, headers=headers, timeout=30)
    return {"status": answer.status_code, **(answer.json() if answer.content else {})}


@pytest.fixture
def stash(tmp_path: Path) -> Iterator[TestStash]:
    with TestStash(tmp_path / "config") as running:
        yield running
        assert running.broken == []


def fill(stash: TestStash, folder: Path, count: int) -> list[str]:
    folder.mkdir(exist_ok=True)
    made = []
    for number in range(count):
        path = folder / f"p{number:02}.png"
        path.write_bytes(PNG + bytes([number]))
        made.append(stash.add_image(path, title=f"Picture {number}"))
    return made


def test_unknown_field_refuses_the_document(stash: TestStash) -> None:
    answer = ask(stash, "{ findImages { images { id nonsense } } }")
    assert answer["status"] == 422
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert answer["data"] is None


@pytest.mark.parametrize(("version", "status"), [("v0.30.1", 422), ("v0.31.0", 200)])
def test_fields_come_with_their_version(tmp_path: Path, version: str, status: int) -> None:
    with TestStash(tmp_path, version=version) as stash:
        assert ask(stash, "{ findImages { images { id custom_fields } } }")["status"] == status


def test_no_order_without_sort(stash: TestStash, tmp_path: Path) -> None:
    ids = fill(stash, tmp_path / "p", 20)
    query = "query($f: FindFilterType) { findImages(filter: $f) { count images { id } } }"
    seen = {
        tuple(i["id"] for i in ask(stash, query, {"f": {"per_page": -1}})["data"]["findImages"]["images"])
        for _ in range(3)
    }
    assert len(seen) > 1
    sorted_page = ask(stash, query, {"f": {"sort": "id", "per_page": 5, "page": 2}})["data"]["findImages"]
    assert [i["id"] for i in sorted_page["images"]] == ids[5:10]
    assert sorted_page["count"] == 20


def test_empty_lists_filter_nothing(stash: TestStash, tmp_path: Path) -> None:
    fill(stash, tmp_path / "p", 3)
    assert ask(stash, "{ findImages(ids: []) { count } }")["data"]["findImages"]["count"] == 3
    empty = "{ findImages(image_filter: {tags: {value: [], modifier: INCLUDES}}) { count } }"
    assert ask(stash, empty)["data"]["findImages"]["count"] == 3


def test_equals_is_like(stash: TestStash) -> None:
    for name in ("a_b", "axb", "A_B"):
        stash.add_performer(name)
    query = '{ findPerformers(performer_filter: {name: {value: "a_b", modifier: EQUALS}}) { count } }'
    assert ask(stash, query)["data"]["findPerformers"]["count"] == 3


def test_bulk_update_is_all_or_nothing(stash: TestStash, tmp_path: Path) -> None:
    ids = fill(stash, tmp_path / "p", 2)
    tag = stash.add_tag("Seen")
    change = "mutation($i: BulkImageUpdateInput!) { bulkImageUpdate(input: $i) { id } }"
    add = {"ids": ids, "tag_ids": {"ids": [tag], "mode": "ADD"}}
    assert ask(stash, change, {"i": add})["data"]["bulkImageUpdate"] == [{"id": i} for i in ids]
    before = stash.snapshot()
    for wrong in ({**add, "ids": [*ids, "99"]}, {**add, "tag_ids": {"ids": ["77"], "mode": "SET"}}):
        answer = ask(stash, change, {"i": wrong})
        assert answer["status"] == 200
        assert answer["errors"]
        assert answer["data"] == {"bulkImageUpdate": None}
        assert stash.snapshot() == before
    remove = {"ids": ids[:1], "tag_ids": {"ids": [tag], "mode": "REMOVE"}}
    ask(stash, change, {"i": remove})
    assert (stash.tags_of(ids[0]), stash.tags_of(ids[1])) == ([], ["Seen"])


def test_names_are_unique(stash: TestStash) -> None:
    make = "mutation($i: PerformerCreateInput!) { performerCreate(input: $i) { id } }"
    assert ask(stash, make, {"i": {"name": "Ann"}})["data"]["performerCreate"]
    assert ask(stash, make, {"i": {"name": "ann"}})["errors"][0]["message"] == (
        "performer with name 'ann' already exists"
    )
    assert ask(stash, make, {"i": {"name": "Ann", "disambiguation": "B"}})["data"]["performerCreate"]
    tag = "mutation($i: TagCreateInput!) { tagCreate(input: $i) { id } }"
    ask(stash, tag, {"i": {"name": "Face", "aliases": ["Head"]}})
    assert ask(stash, tag, {"i": {"name": "HEAD"}})["errors"]


def test_placeholder_has_status_200(stash: TestStash) -> None:
    plain, own = stash.add_performer("Plain"), stash.add_performer("Own", PNG)
    paths = {
        p["id"]: p["image_path"]
        for p in ask(stash, "{ allPerformers { id image_path } }")["data"]["allPerformers"]
    }
    assert paths[plain].endswith("&default=true")
    assert "default" not in paths[own]
    assert requests.get(paths[plain], timeout=10).status_code == 200
    assert requests.get(paths[own], timeout=10).content == PNG


def test_pictures_need_a_log_in(tmp_path: Path) -> None:
    with TestStash(tmp_path / "c", username="me", api_key="key") as stash:
        image = fill(stash, tmp_path / "p", 1)[0]
        address = f"{stash.url}/image/{image}/image"
        assert requests.get(address, timeout=10, allow_redirects=False).status_code == 302
        assert requests.get(address, timeout=10).headers["Content-Type"].startswith("text/html")
        assert requests.get(address, timeout=10, headers={"ApiKey": "key"}).content.startswith(b"\x89PNG")
        refused = requests.post(f"{stash.url}/graphql", json={"query": "{ version { version } }"}, timeout=10)
        assert (refused.status_code, refused.content) == (401, b"")
        browser = requests.Session()
        browser.post(f"{stash.url}/login", data={"username": "me", "password": "secret"}, timeout=10)
        told = browser.post(f"{stash.url}/graphql", json={"query": "{ version { version } }"}, timeout=10)
        assert told.status_code == 200
        assert "session=" in told.headers["Set-Cookie"]
        assert ask(stash, "{ version { version } }", ApiKey="wrong")["status"] == 401


def test_a_key_nobody_asked_for_is_refused(stash: TestStash) -> None:
    assert ask(stash, "{ version { version } }", ApiKey="any")["status"] == 401


def test_faults_are_used_up_in_order(stash: TestStash) -> None:
    stash.faults.gateway_error(matching="version")
    stash.faults.unauthorised()
    statuses = [
        requests.post(
            f"{stash.url}/graphql", json={"query": "{ version { version } }"}, timeout=10
        ).status_code
        for _ in range(3)
    ]
    assert statuses == [502, 401, 200]
    stash.faults.drop_connection()
    with pytest.raises(requests.ConnectionError):
        ask(stash, "{ version { version } }")
    assert [record.status for record in stash.graphql_requests] == [502, 401, 200, 0]


def test_a_lost_answer_was_carried_out(stash: TestStash) -> None:
    stash.faults.drop_answer()
    with pytest.raises(requests.ConnectionError):
        ask(stash, 'mutation { tagCreate(input: {name: "Seen"}) { id } }')
    assert stash.tag_id("Seen") is not None


def test_the_server_comes_back_on_its_port(stash: TestStash) -> None:
    url = stash.url
    stash.go_down()
    with pytest.raises(requests.ConnectionError):
        ask(stash, "{ version { version } }")
    stash.come_back()
    assert stash.url == url
    assert ask(stash, "{ version { version } }")["data"] == {"version": {"version": "v0.30.1"}}


def test_external_host_is_in_every_address(tmp_path: Path) -> None:
    with TestStash(tmp_path / "c", external_host="https://stash.example") as stash:
        fill(stash, tmp_path / "p", 1)
        found = ask(stash, "{ findImages { images { paths { image thumbnail preview } } } }")
        paths = found["data"]["findImages"]["images"][0]["paths"]
        assert paths["image"].startswith("https://stash.example/image/1/image?t=")
        assert paths["preview"] == ""


def test_settings_are_replaced_and_small_numbers_lost(stash: TestStash) -> None:
    body = (
        '{"query": "mutation($m: Map!) { configurePlugin(plugin_id: \\"p\\", input: $m) }",'
        '"variables": {"m": {"a": 1e-05, "b": 0.5, "c": 3}}}'
    )
    headers = {"Content-Type": "application/json"}
    told = requests.post(f"{stash.url}/graphql", data=body, headers=headers, timeout=10).json()
    assert told["data"]["configurePlugin"] == {"a": 0, "b": 0.5, "c": 3}
    ask(stash, 'mutation { configurePlugin(plugin_id: "p", input: {d: "x"}) }')
    told = ask(stash, '{ configuration { plugins(include: ["p", "q"]) } }')
    assert told["data"]["configuration"]["plugins"] == {"p": {"d": "x"}}


def test_merge_came_after_0_30(tmp_path: Path) -> None:
    query = 'mutation { performerMerge(input: {source: ["2"], destination: "1"}) { id } }'
    for version, status in (("v0.30.1", 422), ("v0.31.0", 200)):
        with TestStash(tmp_path / version, version=version) as stash:
            stash.add_performer("One")
            two = stash.add_performer("Two")
            image = stash.add_gallery(performers=[two])
            assert ask(stash, query)["status"] == status
            assert stash.performers_of(image, "gallery") == (["One"] if status == 200 else ["Two"])


@pytest.mark.parametrize(
    ("version", "accept", "status", "kind"),
    [
        ("v0.28.1", "*/*", 422, "application/json"),
        ("v0.30.1", "*/*", 400, "application/graphql-response+json"),
        ("v0.30.1", "application/json", 422, "application/json"),
    ],
)
def test_the_status_of_a_refusal_hangs_on_accept(
    tmp_path: Path, version: str, accept: str, status: int, kind: str
) -> None:
    with TestStash(tmp_path, version=version) as stash:
        sent = {"query": "{ nonsense }"}
        told = requests.post(f"{stash.url}/graphql", json=sent, headers={"Accept": accept}, timeout=10)
        assert (told.status_code, told.headers["Content-Type"]) == (status, kind)


def test_archives_keep_their_images(stash: TestStash, tmp_path: Path) -> None:
    archive = tmp_path / "set.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("in/a.png", PNG)
    image = stash.add_image("in/a.png", zip_path=archive)
    found = ask(stash, "{ findImage(id: 1) { galleries { id } visual_files { ... on ImageFile { path } } } }")
    assert found["data"]["findImage"]["visual_files"] == [{"path": f"{archive}/in/a.png"}]
    assert requests.get(f"{stash.url}/image/{image}/image", timeout=10).content == PNG
    refused = ask(stash, "mutation { imageUpdate(input: {id: 1, gallery_ids: []}) { id } }")
    assert 'cannot change contents of zip-based gallery "set.zip"' in refused["errors"][0]["message"]


def test_an_absent_value_matches_neither(stash: TestStash, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    stash.add_image(path)
    for modifier in ("EQUALS", "NOT_EQUALS", "EXCLUDES"):
        query = f'{{ findImages(image_filter: {{title: {{value: "x", modifier: {modifier}}}}}) {{ count }} }}'
        assert ask(stash, query)["data"]["findImages"]["count"] == 0


@pytest.mark.parametrize(
    ("value", "status", "message"),
    [
        ('"1"', 200, None),
        ("1", 200, None),
        ("1.0", 422, "cannot use value 0 as Int"),
        ('"x"', 422, "cannot use string as Int"),
        ("true", 422, "cannot use bool as Int"),
    ],
)
def test_variables_are_coerced_as_go_does(
    stash: TestStash, value: str, status: int, message: str | None
) -> None:
    query = "query($p: Int) { findImages(filter: {page: $p}) { count } }"
    body = f'{{"query": "{query}", "variables": {{"p": {value}}}}}'
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    told = requests.post(f"{stash.url}/graphql", data=body, headers=headers, timeout=10)
    assert told.status_code == status
    errors = told.json().get("errors")
    assert (errors[0]["message"] if errors else None) == message


def test_the_library_survives_a_restart(tmp_path: Path) -> None:
    with TestStash(tmp_path) as stash:
        stash.add_performer("Ann", PNG, aliases=["A"], custom_fields={"k": True})
        ask(stash, 'mutation { configurePlugin(plugin_id: "p", input: {a: "x"}) }')
        before = stash.snapshot()
    with TestStash(tmp_path) as again:
        assert again.snapshot() == before
        assert again.plugin_settings == {"p": {"a": "x"}}


def test_a_scan_finds_files_and_joins_equal_ones(stash: TestStash, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "a.png").write_bytes(PNG)
    (folder / "b.png").write_bytes(PNG)
    (folder / "empty.png").write_bytes(b"")
    query = "mutation($p: [String!]) { metadataScan(input: {paths: $p}) }"
    job = ask(stash, query, {"p": [str(folder)]})["data"]["metadataScan"]
    assert stash.wait_for_job(int(job))["status"] == "FINISHED"
    assert [image["files"] for image in stash.snapshot()["image"].values()] == [
        [str(folder / "a.png"), str(folder / "b.png")]
    ]


def test_jobs_are_told_over_a_websocket(stash: TestStash) -> None:
    go_on = threading.Event()

    def work(job: Job) -> None:
        for step in range(1, 5):
            job.set_progress(step / 10)
        go_on.wait(20)

    address = stash.url.replace("http", "ws") + "/graphql"
    with connect(address, subprotocols=[PROTOCOL]) as socket:
        socket.send('{"type": "connection_init"}')
        assert json.loads(socket.recv(20)) == {"type": "connection_ack"}
        query = "subscription { jobsSubscribe { type job { id status progress } } }"
        socket.send(json.dumps({"id": "a", "type": "subscribe", "payload": {"query": query}}))
        socket.send(json.dumps({"id": "b", "type": "subscribe", "payload": {"query": "subscription { nothing }"}}))
        refused = json.loads(socket.recv(20))["payload"][0]
        assert refused["message"] == 'Cannot query field "nothing" on type "Subscription".'
        assert json.loads(socket.recv(20)) == {"id": "b", "type": "complete"}  # so the first one is there, too
        job = str(stash.jobs.add("Working...", work))
        told = []
        while not told or told[-1]["type"] != "REMOVE":
            message = json.loads(socket.recv(20))
            assert (message["type"], message["id"]) == ("next", "a")
            told.append(message["payload"]["data"]["jobsSubscribe"])
            if told[-1]["job"]["progress"] == 0.4:
                go_on.set()
        assert {each["job"]["id"] for each in told} == {job}
        assert told[0] == {"type": "ADD", "job": {"id": job, "status": "READY", "progress": 0.0}}
        assert told[-1] == {"type": "REMOVE", "job": {"id": job, "status": "FINISHED", "progress": 0.4}}
        assert 0.4 in [each["job"]["progress"] for each in told if each["type"] == "UPDATE"]
        assert len(told) <= 5, "progress that comes faster than ten times a second is told once"
