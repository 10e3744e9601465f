"""The child that decodes. It knows FFmpeg (through PyAV) and a pipe, and nothing else of the plugin.

Orders come as JSON lines on stdin, answers go to stdout as one JSON line each, a frame's followed by its RGB bytes. The
end of stdin ends the child at once, even in the middle of a decode: that is how it cannot outlive its parent where the
kernel does not see to it.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

GIVE_HARDWARE = 8  # packets in a row that a device may refuse at the beginning before the CPU decodes the file
BROKEN_IN_A_ROW = 200  # after so many undecodable packets nothing more is expected (PySceneDetect gives up after eight)
SHORT_S = 20.0  # a file up to this long may well have a single keyframe
LONGEST_SIDE = 1920
"""Larger pictures are scaled down while they are converted: nothing a face engine sees is lost, and 100 MB of RGB of an
8K frame never exist."""
PQ, HLG = 16, 18  # colour transfer characteristics of HDR, ITU-T H.273
DIFFUSE_WHITE_NITS = 203.0  # ITU-R BT.2408


class _DeviceFails(Exception):
    """The device takes the file and decodes nothing of it."""


class _Refused(Exception):
    """code, text: why this file cannot be decoded."""


def main() -> None:
    orders: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    limits = orders.get()
    _limit_memory(int(limits["memory_mb"]))
    try:
        with _Video(str(limits["path"]), str(limits["hardware"])) as video:
            _say({"kind": "info", **video.info()})
            while True:
                order = orders.get()
                video.work(order)
                _say({"kind": "done", "broken": video.broken, "last_s": video.last_s})
    except _Refused as error:
        _say({"kind": "error", "code": error.args[0], "text": error.args[1]})
    except MemoryError:
        _say({"kind": "error", "code": "memory", "text": "decoding it needs more memory than is allowed"})


def _listen(orders: queue.Queue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        orders.put(json.loads(line))
    os._exit(3)


def _limit_memory(megabytes: int) -> None:
    if os.name != "nt" and megabytes:
        import resource

        try:
            resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
        except (ValueError, OSError):
            return  # a harder limit is set already


def _say(message: dict[str, Any], payload: Any = b"") -> None:
    out = sys.stdout.buffer
    try:
        out.write(json.dumps({**message, "bytes": len(payload)}).encode() + b"\n")
        out.write(payload)
        out.flush()
    except BrokenPipeError:
        os._exit(3)


class _Video:
    """One opened file. Times are those of a player: seconds from where the first of its streams begins, which may be
    the sound; the first picture then has a later one."""

    def __init__(self, path: str, hardware: str) -> None:
        import av

        self._av = av
        self._path = path
        self._open(hardware)

    def _open(self, hardware: str) -> None:
        self.broken = 0
        self.last_s = 0.0
        self._container = self._container_of(hardware)
        pictures = [s for s in self._container.streams.video if not _is_cover(s)]
        if not pictures:
            raise _Refused("no video", "it holds no moving picture, " + self._kinds())
        self._stream: Any = max(pictures, key=lambda s: s.codec_context.width * s.codec_context.height)
        self._context = self._stream.codec_context
        if self._context is None or not self._context.width:
            raise _Refused("undecodable", "the size of its pictures cannot be read")
        self._context.options = {"skip_loop_filter": "noref"}  # never shown again, so their edges may stay rough
        self._base: Any = self._stream.time_base
        self._first = self._start = int(self._stream.start_time or 0)  # of the first picture, and of second 0
        if self._container.start_time is not None:
            self._start = min(self._first, round(self._container.start_time / self._av.time_base / self._base))
        self._gamma: Any = None
        self._broken_in_a_row = 0

    def _container_of(self, hardware: str) -> Any:
        # no playlist or subtitle file in a video's clothes may make us open other files or addresses
        options = {"protocol_whitelist": "file"}
        self._hardware = bool(hardware)
        if hardware:
            from compreface_plugin.media.hardware import accelerator

            try:
                return self._av.open(
                    self._path, options=options, metadata_errors="replace", hwaccel=accelerator(hardware)
                )
            except (self._av.FFmpegError, RuntimeError, ValueError, OSError):
                self._hardware = False  # the device is busy, or the file is broken: the CPU tells which
        try:
            return self._av.open(self._path, options=options, metadata_errors="replace")
        except (self._av.FFmpegError, ValueError, OSError) as error:
            raise _Refused("undecodable", f"it is no video that can be read ({_short(error)})") from error

    def __enter__(self) -> _Video:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def info(self) -> dict[str, Any]:
        width, height = self._upright_size(self._context.width, self._context.height, self._rotation(None))
        return {
            "duration_s": self._duration(),
            "width": width,
            "height": height,
            "codec": self._context.name,
            "keyframes": self._keyframes(),
        }

    def work(self, order: dict[str, Any]) -> None:
        try:
            self._work(order)
        except _DeviceFails:
            self._container.close()
            self._open("")
            self._work(order)

    def _work(self, order: dict[str, Any]) -> None:
        times = [float(time) for time in order["times"]]
        found = {"keyframes": self._at_keyframes, "forward": self._forward, "at": self._at}[order["way"]](times)
        try:
            for frame in found:
                self._send(frame)
        except self._av.FFmpegError as error:  # the file ends here, whatever its header says
            if not self.last_s:
                raise _Refused("undecodable", f"no picture of it can be decoded ({_short(error)})") from error

    # which pictures -------------------------------------------------------------------------------------------------

    def _keyframes(self) -> list[float] | None:
        if "matroska" in self._container.format.name:  # its index is read at the first seek
            self._seek(self._duration() / 2)
        entries = getattr(self._stream, "index_entries", ())
        times = sorted({self._seconds(one.timestamp) for one in entries if one.is_keyframe})
        if "matroska" in self._container.format.name:
            self._seek(0.0)
        if not times or (self._duration() > SHORT_S and times[-1] - times[0] < self._duration() / 2):
            return None  # an index of the beginning alone is none
        return [max(0.0, time) for time in times]

    def _at_keyframes(self, times: list[float]) -> Iterator[Any]:
        """Each lands on a keyframe, so one picture is decoded for each and nothing in between is even read."""
        if not self._context.is_open:
            self._context.thread_type = "SLICE"  # frame threads would only add delay
        for time in times:
            self._seek(time + 0.001)
            for packet in self._packets():
                if packet.is_keyframe:
                    frames = self._decode(packet) + self._decode(None)
                    self._context.flush_buffers()
                    if frames:
                        yield frames[0]
                    break

    def _forward(self, times: list[float]) -> Iterator[Any]:
        """One decode from the start; pictures no other one refers to are dropped undecoded."""
        if not self._context.is_open:
            self._context.thread_type = "SLICE" if self._hardware else "AUTO"
        self._context.skip_frame = "NONREF"
        self._seek(0.0)
        yield from self._at_or_after(times)
        self._context.skip_frame = "DEFAULT"

    def _at(self, times: list[float]) -> Iterator[Any]:
        """Exact moments: from the keyframe before each, on from where the last one was when that is nearer."""
        self._context.skip_frame = "DEFAULT"
        keyframes = self._keyframes() or []
        together: list[list[float]] = []
        for time in sorted(times):
            before = max((key for key in keyframes if key <= time), default=0.0)
            if together and (before <= together[-1][0] or time - together[-1][-1] < 1.0):
                together[-1].append(time)
            else:
                together.append([time])
        for group in together:
            self._seek(group[0])
            self._context.flush_buffers()
            yield from self._at_or_after(group)

    def _at_or_after(self, times: list[float]) -> Iterator[Any]:
        left = sorted(times, reverse=True)
        last = None
        for packet in self._packets_and_end():
            for frame in self._decode(packet):
                if frame.pts is None:
                    continue
                last = frame
                at = self._seconds(frame.pts)
                if left and at >= left[-1] - 1e-4:
                    while left and at >= left[-1] - 1e-4:
                        left.pop()
                    last = None
                    yield frame
                if not left:
                    return
        if last is not None and left:  # the end of a short file stands for what lies behind it
            yield last

    # the decoder ------------------------------------------------------------------------------------------------------

    def _packets(self) -> Iterator[Any]:
        for packet in self._container.demux(self._stream):
            if packet.size:
                yield packet

    def _packets_and_end(self) -> Iterator[Any]:
        try:
            yield from self._packets()
        except self._av.FFmpegError:
            self.broken += 1  # the file ends in the middle of something
        yield None

    def _decode(self, packet: Any) -> list[Any]:
        try:
            frames = list(self._context.decode(packet))
        except self._av.EOFError:
            return []
        except self._av.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise MemoryError from error
            self.broken += 1
            self._broken_in_a_row += 1
            if self._hardware and self._broken_in_a_row > GIVE_HARDWARE and not self.last_s:
                raise _DeviceFails from error
            if self._broken_in_a_row > BROKEN_IN_A_ROW and not self.last_s:
                raise _Refused("undecodable", f"none of its pictures can be decoded ({_short(error)})") from error
            return []
        self._broken_in_a_row = 0
        whole = [frame for frame in frames if not frame.is_corrupt]
        self.broken += len(frames) - len(whole)
        return whole

    def _seek(self, time: float) -> None:
        at = max(self._first, int(time / self._base) + self._start)
        try:
            self._container.seek(at, stream=self._stream, backward=True)
        except self._av.FFmpegError:
            with suppress(self._av.FFmpegError):  # no index, and none can be made: on from here
                self._container.seek(self._first, stream=self._stream, backward=True, any_frame=True)
        self._context.flush_buffers() if self._context.is_open else None

    def _seconds(self, pts: int) -> float:
        return float((pts - self._start) * self._base)

    def _duration(self) -> float:
        if self._stream.duration:
            return float((self._first - self._start + self._stream.duration) * self._base)
        return float(self._container.duration or 0) / self._av.time_base

    def _kinds(self) -> str:
        kinds = sorted({stream.type for stream in self._container.streams})
        return "only " + ", ".join(kinds) if kinds else "and no sound either"

    # pictures ---------------------------------------------------------------------------------------------------------

    def _send(self, frame: Any) -> None:
        import numpy as np

        turn = self._rotation(frame)
        full = self._upright_size(frame.width, frame.height, 0)
        share = min(1.0, LONGEST_SIDE / max(full))
        width, height = (max(2, round(side * share)) for side in full)
        pixels = frame.reformat(width=width, height=height, format="rgb24", interpolation="BILINEAR").to_ndarray()
        if frame.interlaced_frame and height > 2:  # every other line is of another moment
            pixels = np.repeat(pixels[::2], 2, axis=0)[:height]
        trc = getattr(frame, "color_trc", None)
        if trc is not None and int(trc) in (PQ, HLG):
            pixels = self._to_sdr(int(trc))[pixels]
        if turn:
            pixels = np.rot90(pixels, turn // 90)
        high, wide = pixels.shape[:2]
        whole = full if turn % 180 == 0 else full[::-1]
        self.last_s = max(self.last_s, self._seconds(frame.pts), 1e-3)
        message = {"kind": "frame", "at_s": self._seconds(frame.pts), "wide": wide, "high": high,
                   "width": whole[0], "height": whole[1]}
        _say(message, np.ascontiguousarray(pixels).data.cast("B"))

    def _upright_size(self, width: int, height: int, turn: int) -> tuple[int, int]:
        """In square pixels: the longer-looking side grows."""
        ratio = float(self._stream.sample_aspect_ratio or 1) or 1.0
        wide, high = (round(width * ratio), height) if ratio >= 1 else (width, round(height / ratio))
        return (wide, high) if turn % 180 == 0 else (high, wide)

    def _rotation(self, frame: Any) -> int:
        """Counterclockwise degrees, 0, 90, 180 or 270, that make the picture upright."""
        turn = getattr(frame, "rotation", 0) if frame is not None else 0
        return round(turn / 90) * 90 % 360

    def _to_sdr(self, trc: int) -> Any:
        """A table of 256 values: HDR code to SDR code, diffuse white at white, highlights rolled off (Reinhard)."""
        if self._gamma is None:
            import numpy as np

            code = np.linspace(0.0, 1.0, 256)
            if trc == PQ:  # SMPTE ST 2084
                power = code ** (1 / 78.84375)
                share = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
                nits = 10_000 * share ** (1 / 0.1593017578125)
            else:  # ARIB STD-B67, at a peak of 1000 nits
                light = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
                nits = 1000 * light**1.2
            light = nits / DIFFUSE_WHITE_NITS
            rolled = light * (1 + light / 16) / (1 + light)
            self._gamma = np.clip(255 * (rolled / rolled.max()) ** (1 / 2.2) + 0.5, 0, 255).astype(np.uint8)
        return self._gamma


def _is_cover(stream: Any) -> bool:
    """A picture of the album, not of the video."""
    disposition = getattr(stream, "disposition", None)
    return disposition is not None and "attached_pic" in str(disposition).lower()


def _short(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
    return str(text)[:120]


if __name__ == "__main__":
    main()
