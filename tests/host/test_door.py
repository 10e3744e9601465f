"""One start, whole: real processes, real pipes. What Stash reads is one document, what it logs is framed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

Serve = Callable[..., "object"]


def test_a_result_is_one_document(serve_app: Callable) -> None:
    ended = serve_app(
        "def run(request, log):\n    log.info('hello')\n    return {'mode': request.mode, 'n': (1, 2)}\n",
        mode="m",
    )
    assert ended.status == 0
    assert ended.answer == {"output": {"mode": "m", "n": [1, 2]}}
    assert ended.lines("i") == ["hello"]


def test_prints_of_every_kind_become_debug_lines_and_never_the_answer(serve_app: Callable) -> None:
    ended = serve_app(
        "import os, sys, logging, warnings, subprocess\n"
        "def run(request, log):\n"
        "    print('python print')\n"
        "    sys.stdout.write('no newline at all')\n"
        "    print('to stderr', file=sys.stderr)\n"
        "    os.write(1, b'native line\\n')\n"
        "    subprocess.run([sys.executable, '-c', 'print(\"child line\")'])\n"
        "    logging.getLogger('some.library').error('library error %s', 1)\n"
        "    logging.getLogger('some.library').debug('chatter')\n"
        "    warnings.warn('old thing')\n"
        "    return 1\n"
    )
    assert ended.answer == {"output": 1}
    debug = "\n".join(ended.lines("d"))
    for text in ("python print", "no newline at all", "to stderr", "library error 1", "old thing"):
        assert text in debug
    assert "chatter" not in debug
    assert ended.lines("") == ["native line", "child line"], "descriptor 1 is stderr: the manifest's errLog level"
    assert not ended.lines("e")


def test_a_known_error_is_its_sentence_alone(serve_app: Callable) -> None:
    ended = serve_app(
        "from compreface_plugin.domain.errors import ServiceUnavailable\n"
        "def run(request, log):\n    raise ServiceUnavailable('Stash does not answer; start it.')\n"
    )
    assert ended.status == 1
    assert ended.answer == {"error": "Stash does not answer; start it."}
    assert any("Traceback" in line for line in ended.lines("d"))
    assert not ended.lines("e"), "Stash itself logs the answer's error"


def test_an_unknown_error_is_one_sentence_with_its_place(serve_app: Callable) -> None:
    ended = serve_app("def run(request, log):\n    return {}['missing']\n")
    assert ended.status == 1
    sentence = ended.answer["error"]
    assert sentence.startswith("Unexpected KeyError in application_under_test.py:2")
    assert "\n" not in sentence


def test_a_missing_package_says_what_to_do(serve_app: Callable) -> None:
    ended = serve_app("import no_such_package_here\n")
    assert "no_such_package_here" in ended.answer["error"]
    assert "install.sh" in ended.answer["error"]


def test_cancelled_is_a_result_and_no_error(serve_app: Callable) -> None:
    ended = serve_app(
        "from compreface_plugin.domain.errors import Cancelled\n"
        "def run(request, log):\n    raise Cancelled('Stopped as asked.')\n"
    )
    assert ended.status == 0
    assert ended.answer == {"output": {"cancelled": True, "message": "Stopped as asked."}}
    assert ended.lines("i") == ["Stopped as asked."]


@pytest.mark.parametrize(
    "stdin",
    [
        b"",
        b"  ",
        b"nonsense",
        b"[]",
        b"{}",
        b'{"server_connection": null}',
        b'{"args": [1]}',
        b"\xff\xfe\x00",
    ],
)
def test_a_damaged_request_is_one_sentence(serve_app: Callable, stdin: bytes) -> None:
    ended = serve_app("def run(request, log):\n    return 1\n", stdin=stdin)
    assert ended.status == 1
    assert "standard input is missing or damaged" in ended.answer["error"]


def test_what_json_has_no_word_for(serve_app: Callable) -> None:
    ended = serve_app(
        "import pathlib\n"
        "def run(request, log):\n"
        "    numbers = {'nan': float('nan'), 'inf': [float('-inf')]}\n"
        "    return {**numbers, 1: {2}, 'path': pathlib.Path('/a'), 'odd': '\\udc80'}\n"
    )
    assert ended.answer == {"output": {"nan": None, "inf": [None], "1": [2], "path": "/a", "odd": "\udc80"}}
    assert b"NaN" not in ended.stdout


def test_secrets_leave_neither_by_the_log_nor_by_the_answer(serve_app: Callable) -> None:
    ended = serve_app(
        "def run(request, log):\n"
        "    log.mask('key-0123456789/+')\n"
        "    log.warning('sent key-0123456789/+ and cookie-value-of-the-test')\n"
        "    log.debug('GET /scene/1/stream?apikey=abc.def&x=1')\n"
        "    raise ValueError('key-0123456789/+ refused, key-0123456789%2F%2B too')\n"
    )
    everything = ended.stderr + ended.stdout
    assert b"0123456789" not in everything
    assert b"cookie-value-of-the-test" not in everything
    assert b"abc.def" not in everything
    assert ended.lines("w") == ["sent *** and ***"]
    assert "refused" in ended.answer["error"]


def test_a_child_that_lives_on_does_not_hold_the_answer(serve_app: Callable) -> None:
    """Stash waits until everybody has closed the answer's pipe: neither forks nor programs may keep it."""
    ended = serve_app(
        "import os, subprocess, sys, time\n"
        "def run(request, log):\n"
        "    held = [fd for fd in os.listdir('/proc/self/fd')]\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        pipes = set()\n"
        "        for fd in os.listdir('/proc/self/fd'):\n"
        "            try: pipes.add(os.readlink('/proc/self/fd/' + fd))\n"
        "            except OSError: pass\n"
        "        os.write(2, ('pipes ' + str(sum(p.startswith('pipe:') for p in pipes)) + '\\n').encode())\n"
        "        os._exit(0)\n"
        "    os.waitpid(child, 0)\n"
        "    return 'done'\n"
    )
    assert ended.answer == {"output": "done"}
    assert ended.lines("") == ["pipes 2"], "stdin's and stderr's pipe, not the answer's"


def test_progress_ends_with_its_last_value_twice(serve_app: Callable) -> None:
    ended = serve_app(
        "def run(request, log):\n    for n in range(1001):\n        log.progress(n / 1000)\n    return 1\n"
    )
    told = [float(line) for line in ended.lines("p")]
    assert told[-1] == 1.0
    assert told == sorted(told)
    assert len(told) < 100, "throttled"


def test_stdin_keys_of_other_versions_do_no_harm(serve_app: Callable, tmp_path) -> None:
    held = {
        "server_connection": {
            "Dir": str(tmp_path),
            "PluginDir": "plugins/x",
            "Port": "1234",
            "New": {"a": 1},
        },
        "args": None,
        "plugin_settings": {"a": 1},
    }
    ended = serve_app(
        "def run(request, log):\n"
        "    c = request.connection\n"
        "    held = [c.scheme, c.host, c.port, c.cookie_value, c.plugin_dir]\n"
        "    return [*held, request.mode, dict(request.args)]\n",
        stdin=json.dumps(held).encode(),
    )
    assert ended.answer["output"] == ["http", "", 1234, "", str(tmp_path / "plugins/x"), "", {}]


def test_an_exit_from_within_is_an_error(serve_app: Callable) -> None:
    ended = serve_app("import sys\ndef run(request, log):\n    sys.exit(0)\n")
    assert ended.status == 1
    assert "Unexpected SystemExit" in ended.answer["error"]


def test_libraries_find_a_whole_stream(serve_app: Callable) -> None:
    ended = serve_app(
        "import faulthandler, sys\n"
        "def run(request, log):\n"
        "    faulthandler.enable()\n"
        "    sys.stdout.buffer.write(b'bytes\\n')\n"
        "    return [sys.stdout.fileno(), sys.stdout.isatty(), sys.stderr.encoding]\n"
    )
    assert ended.answer == {"output": [2, False, "utf-8"]}
    assert ended.lines("") == ["bytes"]


def test_a_result_that_cannot_be_told_is_an_error(serve_app: Callable) -> None:
    ended = serve_app("def run(request, log):\n    held = []\n    held.append(held)\n    return held\n")
    assert ended.status == 1
    assert "Unexpected RecursionError" in ended.answer["error"]
