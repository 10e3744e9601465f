"""Lines as Stash reads them: framed, short enough, all of them, and nothing when nobody listens."""

from __future__ import annotations

import math
import os
import select
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compreface_plugin.host.log import LONGEST_LINE, StashLog
from compreface_plugin.host.secrets import Secrets

STASH_LIMIT = 64 * 1024  # bytes of a line at which Stash stops reading for good


class Pipe:
    """A pipe with a reader that may be slow, as Stash's is."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        self.received = b""

    def collect(self) -> list[bytes]:
        """Everything written so far, without waiting."""
        os.set_blocking(self.read_end, False)
        try:
            while block := os.read(self.read_end, 1 << 20):
                self.received += block
        except BlockingIOError:
            pass
        return self.received.splitlines()

    def drain_slowly(self, pause_s: float, size: int) -> threading.Thread:
        def work() -> None:
            while block := os.read(self.read_end, size):
                self.received += block
                time.sleep(pause_s)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    for descriptor in (pipe.read_end, pipe.write_end):
        try:
            os.close(descriptor)
        except OSError:
            continue


def test_levels_and_frames(pipe: Pipe) -> None:
    log = StashLog(pipe.write_end)
    for level in ("trace", "debug", "info", "warning", "error"):
        getattr(log, level)(f"a {level}")
    assert pipe.collect() == [
        b"\x01t\x02a trace",
        b"\x01d\x02a debug",
        b"\x01i\x02a info",
        b"\x01w\x02a warning",
        b"\x01e\x02a error",
    ]


def test_every_physical_line_has_its_level_and_empty_ones_are_left_out(pipe: Pipe) -> None:
    StashLog(pipe.write_end).error("first\n\n  \r\nsecond\rthird\u2028fourth\n")
    assert pipe.collect() == [b"\x01e\x02first", b"\x01e\x02second", b"\x01e\x02third", b"\x01e\x02fourth"]
    StashLog(pipe.write_end).error("")
    assert len(pipe.collect()) == 4, "an empty message would be a line without a frame"


def test_control_characters_and_foreign_bytes(pipe: Pipe) -> None:
    name = os.fsdecode(b"caf\xe9\x01\x00\x02.jpg")
    StashLog(pipe.write_end).info(name)
    assert pipe.collect() == [b"\x01i\x02caf\\udce9   .jpg"]


@pytest.mark.parametrize("text", ["x" * 200_000, "\u00e4" * 100_000, "\U0001f600" * 50_000, "x" * LONGEST_LINE])
def test_a_long_line_is_capped_in_bytes_and_stays_utf8(pipe: Pipe, text: str) -> None:
    reader = pipe.drain_slowly(0, 1 << 20)
    StashLog(pipe.write_end).info(text)
    os.close(pipe.write_end)
    reader.join(timeout=30)
    lines = pipe.received.splitlines()
    assert len(lines) == 1
    body = lines[0][3:].decode()
    assert len(body.encode()) <= LONGEST_LINE < STASH_LIMIT
    if len(text.encode()) > LONGEST_LINE:
        assert body.endswith(f"(cut, {len(text.encode())} bytes in all)")
    else:
        assert body == text


def test_a_closed_reader_is_survived(pipe: Pipe) -> None:
    log = StashLog(pipe.write_end)
    os.close(pipe.read_end)
    log.error("nobody hears this")
    log.progress(0.5)
    log.info("nor this")
    log.close()


def test_a_closed_descriptor_is_survived(pipe: Pipe) -> None:
    log = StashLog(pipe.write_end)
    os.close(pipe.write_end)
    log.error("nobody hears this")
    log.close()


def test_progress_is_clamped_and_never_nan(pipe: Pipe) -> None:
    ticks = iter([float(n) for n in range(20)])
    log = StashLog(pipe.write_end, monotonic=lambda: next(ticks))
    for fraction in (-3.0, 0.25, 50.0, math.inf):
        log.progress(fraction)
    assert pipe.collect() == [
        b"\x01p\x020.000000",
        b"\x01p\x020.250000",
        b"\x01p\x021.000000",
        b"\x01p\x021.000000",
    ]
    with pytest.raises(ValueError, match="not a number"):
        log.progress(math.nan)


def test_progress_is_held_back_to_ten_a_second_and_the_last_is_told(pipe: Pipe) -> None:
    now = [0.0]
    log = StashLog(pipe.write_end, monotonic=lambda: now[0])
    for step in range(1000):  # two seconds
        now[0] = step * 0.002
        log.progress(step / 1000)
    told = len(pipe.collect())
    assert 10 <= told <= 21
    log.close(at_most_s=0.01)
    assert pipe.collect()[-1] == b"\x01p\x020.999000"


def test_the_exit_waits_for_a_slow_reader(pipe: Pipe) -> None:
    """Stash closes the pipe at our exit and reads no more; so nothing may be in it then."""
    log = StashLog(pipe.write_end)
    reader = pipe.drain_slowly(0.01, 1024)
    for number in range(500):
        log.info(f"line {number:020}")
    log.close()
    assert not _unread(pipe.read_end)
    os.close(pipe.write_end)
    reader.join(timeout=10)
    assert len(pipe.received.splitlines()) == 500


def test_the_exit_does_not_wait_for_ever(pipe: Pipe) -> None:
    log = StashLog(pipe.write_end)
    log.info("nobody reads")
    log.close(at_most_s=0.05)
    assert pipe.collect() == [b"\x01i\x02nobody reads"]


def test_a_file_is_no_pipe_to_wait_for(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as stream:
        log = StashLog(stream.fileno())
        log.info("to a file")
        log.close()
    assert (tmp_path / "log").read_bytes() == b"\x01i\x02to a file\n"


def test_threads_do_not_mix_their_lines(pipe: Pipe) -> None:
    reader = pipe.drain_slowly(0, 1 << 16)
    log = StashLog(pipe.write_end)
    threads = [threading.Thread(target=lambda name=name: [log.info(name * 3000) for _ in range(50)]) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.close(pipe.write_end)
    reader.join(timeout=30)
    lines = pipe.received.splitlines()
    assert len(lines) == 200
    assert all(len(set(line[3:])) == 1 for line in lines)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("http://x/scene/1?apikey=eyJhbGci.x-y&t=1", "http://x/scene/1?apikey=***&t=1"),
        ("{'ApiKey': 'abcdef', 'n': 1}", "{'ApiKey': '***', 'n': 1}"),
        ("x-api-key: 0000-1111", "x-api-key: ***"),
        ("Cookie: session=MTYz; other=1", "Cookie: ***"),
        ("session=MTYz; Path=/", "session=***; Path=/"),
        ("image data:image/jpeg;base64," + "QUJD" * 20 + " end", "image data:image/jpeg;base64,*** end"),
        ("nothing secret, a session of 3 keys", "nothing secret, a session of 3 keys"),
    ],
)
def test_secrets_known_by_their_shape(text: str, clean: str) -> None:
    assert Secrets().clean(text) == clean


def test_secrets_known_by_their_value() -> None:
    secrets = Secrets()
    for secret in (None, "", "abc", "abcd efgh", "abcd efgh ijkl"):
        secrets.add(secret)
    assert secrets.clean("abc; abcd efgh ijkl; abcd%20efgh") == "abc; ***; ***"


def _unread(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0)[0])
