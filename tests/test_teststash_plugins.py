"""The test Stash starts, hears and kills plugins by Stash's rules: real processes, no stand-ins."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from teststash import LibraryError, TestStash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANIFEST = """name: Probe
exec:
  - python3
  - "{pluginDir}/probe.py"
tasks:
  - name: Plain
    description: one
    defaultArgs: {mode: plain, count: 5, yes: yes, none: null}
  - name: Other
    execArgs: ["--flag", "{pluginDir}/x"]
settings:
  threshold: {displayName: T, type: NUMBER}
"""

PROBE = r"""
import json, os, subprocess, sys, time
document = sys.stdin.read()
asked = json.loads(document)["args"]
say = asked.get("say")
if say == "facts":
    print(json.dumps({"output": {"document": document, "cwd": os.getcwd(), "argv": sys.argv,
                                 "pythonpath": os.environ.get("PYTHONPATH")}}))
elif say == "stdout":
    sys.stdout.write(asked["text"])
elif say == "stderr":
    os.write(2, asked["text"].encode("latin-1"))
elif say == "long":
    os.write(2, b"\x01i\x02before\n")
    os.write(2, b"x" * asked["bytes"] + b"\n")
    time.sleep(0.3)
    try:
        os.write(2, b"\x01i\x02after\n")
    except BrokenPipeError:
        sys.exit(3)
elif say == "sleep":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdout=subprocess.DEVNULL)
    os.write(2, b"\x01i\x02child %d\n" % child.pid)
    time.sleep(60)
elif say == "progress":
    for step in range(5):
        os.write(2, b"\x01p\x02%.1f\n" % (step / 4))
        time.sleep(0.05)
sys.exit(asked.get("exit", 0))
"""


@pytest.fixture
def stash(tmp_path: Path) -> Iterator[TestStash]:
    folder = tmp_path / "cwd" / "plugins" / "probe"
    folder.mkdir(parents=True)
    (folder / "probe.yml").write_text(MANIFEST)
    (folder / "probe.py").write_text(PROBE)
    with TestStash(tmp_path / "config", plugins_dir="plugins", working_dir=tmp_path / "cwd") as running:
        yield running
        assert running.broken == []


def ask(stash: TestStash, query: str, variables: dict[str, Any] | None = None) -> Any:
    sent = {"query": query, "variables": variables or {}}
    return requests.post(f"{stash.url}/graphql", json=sent, timeout=60).json()


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as opened:
            return opened.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_plugin_finds_what_stash_gives_it(stash: TestStash, tmp_path: Path) -> None:
    told = stash.run_operation("probe", {"say": "facts", "name": "<Ä&>"})
    document = told["document"]
    assert document.startswith('{"server_connection":{"Scheme":"http","Host":"0.0.0.0","Port":')
    assert not document.endswith("\n")
    assert "\\u003cÄ\\u0026\\u003e" in document
    connection = json.loads(document)["server_connection"]
    assert connection["PluginDir"] == "plugins/probe"
    assert connection["SessionCookie"]["Name"] == "session"
    assert told["cwd"] == str(tmp_path / "cwd")
    assert told["argv"] == ["plugins/probe/probe.py"]
    assert told["pythonpath"].split(os.pathsep)[-1] == str(tmp_path / "cwd" / "plugins")


def test_default_arguments_are_text_and_the_caller_wins(stash: TestStash) -> None:
    stash.wait_for_job(stash.run_task("probe", "Plain", {"mode": 7, "say": "x"}))
    args = json.loads(stash.plugin_processes[-1].document)["args"]
    assert args == {"mode": 7, "say": "x", "count": "5", "yes": "yes", "none": ""}


@pytest.mark.parametrize(
    ("text", "error", "output"),
    [
        ('{"output": 5}', None, 5),
        (' {"OUTPUT": [1]} \n', None, [1]),
        ('{"error": ""}', "", None),
        ('{"error": 5, "output": 1}', "", '{"error": 5, "output": 1}'),
        ("plain", None, "plain"),
        ('{"output": 1} {"output": 2}', None, '{"output": 1} {"output": 2}'),
        ('{"output": NaN}', None, '{"output": NaN}'),
        ("[1]", None, "[1]"),
        ("null", None, None),
        ("", None, ""),
    ],
)
def test_stdout_is_decoded_as_stash_does(stash: TestStash, text: str, error: str | None, output: Any) -> None:
    if error is None:
        assert stash.run_operation("probe", {"say": "stdout", "text": text}) == output
    else:
        with pytest.raises(LibraryError) as caught:
            stash.run_operation("probe", {"say": "stdout", "text": text})
        assert str(caught.value) == error


def test_exit_status_is_an_error_unless_the_document_has_one(stash: TestStash) -> None:
    with pytest.raises(LibraryError, match=r"^exit status 3$"):
        stash.run_operation("probe", {"exit": 3})
    with pytest.raises(LibraryError, match=r"^mine$"):
        stash.run_operation("probe", {"say": "stdout", "text": '{"error":"mine"}', "exit": 3})


def test_a_failed_plugin_is_a_finished_job(stash: TestStash) -> None:
    done = stash.wait_for_job(stash.run_task("probe", None, {"exit": 1}))
    assert (done["status"], done["error"]) == ("FINISHED", None)
    stash.log.wait_for("Plugin returned error: exit status 1")


def test_an_unknown_task_is_a_failed_job(stash: TestStash) -> None:
    done = stash.wait_for_job(stash.run_task("probe", "Nothing"))
    assert done["status"] == "FAILED"
    assert done["error"].startswith("Error creating plugin task: no task with name Nothing")


@pytest.mark.parametrize(
    ("sent", "level", "message"),
    [
        ("\x01i\x02 hello \n", "Info", "hello"),
        ("\x01w\x02warned\r\n", "Warning", "warned"),
        ("plain\n", "Error", "plain"),
        ("\x01i\x02\n", "Error", "\x01i\x02"),
        ("\x01I\x02upper\n", "Error", "\x01I\x02upper"),
        ("no end", "Error", "no end"),
    ],
)
def test_stderr_lines_have_levels(stash: TestStash, sent: str, level: str, message: str) -> None:
    stash.run_operation("probe", {"say": "stderr", "text": sent})
    line = stash.log.wait_for("[Plugin / Probe]")
    assert (line.level, line.message) == (level, f"[Plugin / Probe] {message}")


def test_a_line_of_64_kib_ends_the_log(stash: TestStash) -> None:
    stash.run_operation("probe", {"say": "long", "bytes": 65_535})
    stash.log.wait_for("after")
    stash.log.clear()
    with pytest.raises(LibraryError, match="exit status 3"):
        stash.run_operation("probe", {"say": "long", "bytes": 65_536})
    assert [m for m in stash.log.messages("Info") if "Probe" in m] == ["[Plugin / Probe] before"]


def test_stop_kills_the_plugin_and_only_it(stash: TestStash) -> None:
    job = stash.run_task("probe", None, {"say": "sleep"})
    waiting = stash.run_task("probe", None, {"say": "facts"})
    child = int(stash.log.wait_for("child").message.split()[-1])
    process = stash.plugin_processes[-1].process
    assert ask(stash, "{ jobQueue { id status progress } }")["data"]["jobQueue"] == [
        {"id": str(job), "status": "RUNNING", "progress": 0},
        {"id": str(waiting), "status": "READY", "progress": 0},
    ]
    ask(stash, "mutation($i: ID!) { stopJob(job_id: $i) }", {"i": str(job)})
    try:
        assert stash.wait_for_job(job)["status"] == "CANCELLED"
        assert stash.wait_for_job(waiting)["status"] == "FINISHED"
        assert process.wait(10) == -signal.SIGKILL
        assert alive(child)
    finally:
        os.kill(child, signal.SIGKILL)
    assert ask(stash, "{ jobQueue { id } }")["data"] == {"jobQueue": None}


def test_ten_finished_jobs_are_remembered(stash: TestStash) -> None:
    jobs = [stash.run_task("nothing", None) for _ in range(12)]
    stash.wait_for_job(jobs[-1])
    query = "query($i: ID!) { findJob(input: {id: $i}) { status } }"
    found = [ask(stash, query, {"i": str(job)})["data"]["findJob"] for job in jobs]
    assert found == [None, None] + [{"status": "FAILED"}] * 10


def test_progress_is_told(stash: TestStash) -> None:
    job = stash.run_task("probe", None, {"say": "progress"})
    assert stash.wait_for_job(job)["progress"] == 1.0


def test_an_operation_dies_with_its_client(stash: TestStash) -> None:
    body = json.dumps(
        {"query": 'mutation { runPluginOperation(plugin_id: "probe", args: {say: "sleep"}) }'}
    ).encode()
    with socket.create_connection(("127.0.0.1", stash.port)) as client:
        head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        client.sendall(head.encode() + b"\r\n\r\n" + body)
        child = int(stash.log.wait_for("child").message.split()[-1])
    try:
        assert stash.plugin_processes[-1].process.wait(10) == -signal.SIGKILL
    finally:
        os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize(
    "change",
    [
        "author: me\n",
        "exec: python3\n",
        "tasks: [{name: a, name: b}]\n",
        "settings: {a: {type: number}}\n",
        "name: x\nname: y\n",
    ],
)
def test_manifests_are_read_strictly(stash: TestStash, tmp_path: Path, change: str) -> None:
    (tmp_path / "cwd" / "plugins" / "odd.yml").write_text(change)
    ask(stash, "mutation { reloadPlugins }")
    assert [plugin["id"] for plugin in ask(stash, "{ plugins { id } }")["data"]["plugins"]] == ["probe"]
    assert any("odd.yml" in message for message in stash.log.messages("Error"))


def test_plugins_show_their_tasks(stash: TestStash) -> None:
    query = "{ plugins { id name version enabled tasks { name description } settings { name type display_name } } }"
    assert ask(stash, query)["data"]["plugins"] == [
        {
            "id": "probe",
            "name": "Probe",
            "version": None,
            "enabled": True,
            "tasks": [{"name": "Plain", "description": "one"}, {"name": "Other", "description": ""}],
            "settings": [{"name": "threshold", "type": "NUMBER", "display_name": "T"}],
        }
    ]


def test_the_cookie_of_a_plugin_opens_the_door(tmp_path: Path) -> None:
    folder = tmp_path / "plugins" / "probe"
    folder.mkdir(parents=True)
    (folder / "probe.yml").write_text(MANIFEST)
    (folder / "probe.py").write_text(PROBE)
    with TestStash(
        tmp_path / "c", plugins_dir=tmp_path / "plugins", username="me", max_session_age_s=1
    ) as stash:
        told = stash.run_operation("probe", {"say": "facts"})
        cookie = json.loads(told["document"])["server_connection"]["SessionCookie"]
        sent = {"query": "{ version { version } }"}
        jar = {cookie["Name"]: cookie["Value"]}
        assert requests.post(f"{stash.url}/graphql", json=sent, cookies=jar, timeout=10).status_code == 200
        time.sleep(1.1)
        assert requests.post(f"{stash.url}/graphql", json=sent, cookies=jar, timeout=10).status_code == 401


def test_a_slow_log_loses_what_waits_at_exit(tmp_path: Path) -> None:
    folder = tmp_path / "plugins" / "probe"
    folder.mkdir(parents=True)
    (folder / "probe.yml").write_text(MANIFEST)
    (folder / "probe.py").write_text(PROBE)
    lines = "".join(f"\x01i\x02line {number}\n" for number in range(2000))
    with TestStash(tmp_path / "c", plugins_dir=tmp_path / "plugins", log_line_cost_s=0.001) as stash:
        stash.run_operation("probe", {"say": "stderr", "text": lines})
        stash.plugin_processes[-1].finish(10)
        heard = [message for message in stash.log.messages("Info") if "line" in message]
    assert 0 < len(heard) < 2000


def test_hooks_run_before_the_answer_and_no_more_than_ten_deep(stash: TestStash, tmp_path: Path) -> None:
    folder = tmp_path / "cwd" / "plugins" / "loop"
    folder.mkdir()
    (folder / "loop.yml").write_text(
        'exec: [python3, "{pluginDir}/loop.py"]\nhooks: [{name: H, triggeredBy: [Tag.Update.Post]}]\n'
    )
    (folder / "loop.py").write_text(
        "import json, sys, urllib.request\n"
        "c = json.load(sys.stdin)['server_connection']\n"
        "body = json.dumps({'query': 'mutation { tagUpdate(input: {id: 1, favorite: true}) { id } }'}).encode()\n"
        "head = {'Content-Type': 'application/json', 'Cookie': 'session=' + c['SessionCookie']['Value']}\n"
        "urllib.request.urlopen(urllib.request.Request(f'http://127.0.0.1:{c[\"Port\"]}/graphql', body, head)).read()\n"
    )
    ask(stash, "mutation { reloadPlugins }")
    stash.add_tag("Seen")
    ask(stash, 'mutation { tagUpdate(input: {id: 1, description: "x"}) { id } }')
    context = json.loads(stash.plugin_processes[0].document)["args"]["hookContext"]
    assert sorted(context.pop("inputFields")) == ["description", "id"]
    assert context == {"id": 1, "type": "Tag.Update.Post", "input": {"id": "1", "description": "x"}}
    assert len(stash.plugin_processes) == 10
