"""Films for tests, made from photographs: shots with pans, zooms, blur and compression, in the codecs at hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

Size = tuple[int, int]
H264 = ("libx264", "libopenh264", "mpeg4")  # the first that is at hand
BY_CODEC = {"h264": "libx264", "hevc": "libx265", "vp9": "libvpx-vp9", "av1": "libsvtav1"}


@dataclass(frozen=True)
class Shot:
    """`faces`: photographs shown side by side, moved from `start` to `end` (zoom factors), for `seconds`."""

    faces: Sequence[Image.Image]
    seconds: float = 3.0
    start: float = 1.0
    end: float = 1.15
    pan: float = 0.06  # of the width, from left to right
    blur: float = 0.0  # radius in pixels


def encoder(names: Sequence[str] = H264) -> str | None:
    """The first of these encoders that is at hand."""
    import av

    for name in names:
        try:
            av.Codec(name, "w")
        except ValueError:
            continue
        return name
    return None


def pictures(shots: Iterable[Shot], size: Size = (640, 360), fps: int = 12) -> Iterator[Image.Image]:
    """The frames of a film."""
    for shot in shots:
        count = max(1, round(shot.seconds * fps))
        stage = _stage(shot.faces, size)
        for n in range(count):
            share = n / max(1, count - 1)
            zoom = shot.start + (shot.end - shot.start) * share
            wide, high = size[0] / zoom, size[1] / zoom
            left = (size[0] - wide) / 2 + (share - 0.5) * shot.pan * size[0] * 0.5
            left = min(max(0.0, left), size[0] - wide)
            top = (size[1] - high) / 2
            frame = stage.resize(size, Image.Resampling.BILINEAR, box=(left, top, left + wide, top + high))
            yield frame.filter(ImageFilter.GaussianBlur(shot.blur)) if shot.blur else frame


def _stage(faces: Sequence[Image.Image], size: Size) -> Image.Image:
    stage = Image.new("RGB", size, (60, 62, 70))
    if not faces:
        dice = np.random.default_rng(size[0])
        return Image.fromarray(dice.integers(0, 255, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)).resize(size)
    room = size[0] // len(faces)
    for n, face in enumerate(faces):
        share = min(room / face.width, size[1] / face.height)
        small = face.convert("RGB").resize((round(face.width * share), round(face.height * share)))
        stage.paste(small, (n * room + (room - small.width) // 2, (size[1] - small.height) // 2))
    return stage


def write_film(
    path: Path,
    frames: Iterable[Image.Image | None],
    *,
    fps: int = 12,
    codec: str | None = None,
    gop: int = 250,
    quality: int = 26,
    times: Sequence[float] | None = None,
    pixel_ratio: Fraction | None = None,
    sound: bool = False,
    empty: bool = False,
    options: dict[str, str] | None = None,
) -> Path:
    """Encodes a film. `times`: seconds of each frame, for a variable frame rate. No frames and `sound`: audio alone;
    `empty`: a stream of pictures without one."""
    import av

    name = codec or encoder()
    with av.open(str(path), "w") as out:
        stream = None
        if empty:
            stream = out.add_stream(name, rate=fps)
            stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
            stream.codec_context.open()
            out.start_encoding()
            return path
        audio = out.add_stream("aac" if path.suffix != ".webm" else "libopus", rate=48000) if sound else None
        count = 0
        for picture in frames:
            if picture is None:
                continue
            if stream is None:
                stream = out.add_stream(name, rate=fps, options={**_options(name, quality, gop), **(options or {})})
                stream.width, stream.height = picture.size
                stream.pix_fmt = "yuv420p"
                stream.gop_size = gop
                if times is not None:
                    stream.codec_context.time_base = Fraction(1, 1000)
                if pixel_ratio is not None:
                    stream.codec_context.sample_aspect_ratio = pixel_ratio
            frame = av.VideoFrame.from_image(picture)
            frame.time_base = Fraction(1, 1000) if times is not None else Fraction(1, fps)
            frame.pts = round(times[count] * 1000) if times is not None else count
            out.mux(stream.encode(frame))
            count += 1
        if stream is not None:
            out.mux(stream.encode(None))
        if audio is not None:
            for n in range(50):
                tone = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
                tone.sample_rate, tone.pts = 48000, n * 1024
                out.mux(audio.encode(tone))
            out.mux(audio.encode(None))
    return path


def repeated(path: Path, film: Path, times: int) -> Path:
    """The film over and over again in one file, its packets copied."""
    import av

    with av.open(str(path), "w") as out, av.open(str(film)) as source:
        held = source.streams.video[0]
        stream = out.add_stream_from_template(held)
        packets = [packet for packet in source.demux(held) if packet.size]
        length = max(int(p.pts or 0) + int(p.duration or 0) for p in packets)
        for n in range(times):
            for packet in packets:
                pts, dts, base = packet.pts, packet.dts, packet.time_base
                packet.pts, packet.dts, packet.stream = pts + n * length, dts + n * length, stream
                out.mux(packet)  # which rescales the times
                packet.pts, packet.dts, packet.time_base = pts, dts, base
    return path


def _options(name: str | None, quality: int, gop: int) -> dict[str, str]:
    if name == "libx264":
        return {"preset": "ultrafast", "crf": str(quality)}
    if name == "libx265":
        return {"preset": "ultrafast", "crf": str(quality), "x265-params": f"log-level=none:keyint={gop}"}
    if name == "libvpx-vp9":
        return {"deadline": "realtime", "cpu-used": "8", "crf": str(quality + 6), "b": "0"}
    if name == "libsvtav1":
        return {"preset": "12", "crf": str(quality + 8), "svtav1-params": f"keyint={gop}"}
    return {}


def sprite(film: Sequence[Image.Image], columns: int = 9) -> tuple[bytes, bytes]:
    """Stash's sheet (tiles 160 px wide, columns x columns) and VTT of a film given as its frames."""
    import io

    count = columns * columns
    wide = 160
    high = round(wide * film[0].height / film[0].width)
    sheet = Image.new("RGB", (wide * columns, high * columns))
    lines = ["WEBVTT", ""]
    for n in range(count):
        tile = film[min(len(film) - 1, n * len(film) // count)].resize((wide, high))
        place = (n % columns * wide, n // columns * high)
        sheet.paste(tile, place)
        span = f"00:{n // 60:02}:{n % 60:02}.000 --> 00:{n // 60:02}:{n % 60:02}.900"
        lines += [span, f"x_sprite.jpg#xywh={place[0]},{place[1]},{wide},{high}", ""]
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=85)
    return out.getvalue(), "\n".join(lines).encode()
