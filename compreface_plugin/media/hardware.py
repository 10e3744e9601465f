"""Whether this machine's video decoder works, found out once a run and in a process of its own.

A driver that crashes costs one process and one sentence, then the CPU decodes. That it works is proved by decoding a
little film that PyAV encodes here, and comparing its pictures with those of the CPU.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = str(Path(__file__).resolve().parent.parent.parent)
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from compreface_plugin.media.hardware import main; main()"
TEST_S = 60.0  # a driver that has not answered by then hangs
BEST_FIRST = ("cuda", "videotoolbox", "d3d11va", "vaapi", "qsv", "vulkan")  # for `auto`
ENCODERS = ("libx264", "libopenh264", "mpeg4")
SIDE, FRAMES = 256, 8  # decoders refuse smaller pictures (NVDEC: 48, VAAPI drivers up to 128)
SAME = 8.0  # mean difference of grey levels: NV12 and planar rounding, never another picture


class HardwareDecoder:
    """The decoder that the setting asks for. `say` gets one sentence when the CPU has to do."""

    def __init__(self, asked: str | None, say: Callable[[str], None], bind: Callable[[], None] | None = None) -> None:
        """`asked`: a kind of device as FFmpeg names it, with a device behind a colon; `auto`; None: the CPU."""
        self._asked = asked
        self._say = say
        self._bind = bind
        self._found: str | None = None

    def name(self) -> str:
        """What to decode with, tested at the first call; empty: the CPU."""
        if self._found is None:
            self._found = self._test() if self._asked else ""
        return self._found

    def _test(self) -> str:
        told = _ask(str(self._asked), self._bind)
        found = str(told.get("found") or "")
        if not found:
            self._say(f"Hardware decoding ({self._asked}) does not work here, the CPU decodes: {told['reason']}.")
        return found


def _ask(asked: str, bind: Callable[[], None] | None) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, ROOT, asked],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TEST_S,
            preexec_fn=bind,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"reason": f"its driver did not answer within {TEST_S:g} s"}
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {"reason": f"its driver ends the process (status {done.returncode})"}
    return told


# in the child --------------------------------------------------------------------------------------------------------


def main() -> None:
    asked = sys.argv[2]
    try:
        import av  # noqa: F401
    except ImportError:
        told = {"reason": "the Python package av is not installed"}
    else:
        told = _first_that_works(asked)
    sys.stdout.write(json.dumps(told))


def _first_that_works(asked: str) -> dict[str, str]:
    from av.codec.hwaccel import hwdevices_available

    have = hwdevices_available()
    kind = asked.partition(":")[0]
    if kind != "auto" and kind not in have:
        return {"reason": f"this FFmpeg knows only {', '.join(have) or 'the CPU'}"}
    names = [name for name in BEST_FIRST if name in have] if kind == "auto" else [asked]
    reasons = []
    for name in names:
        reason = _reason_against(name)
        if not reason:
            return {"found": name}
        reasons.append(f"{name}: {reason}")
    return {"reason": "; ".join(reasons) or "this FFmpeg knows only the CPU"}


def _reason_against(name: str) -> str:
    """Empty when it decodes the little film as the CPU does."""
    import av
    import numpy as np

    film = _little_film()
    if not film:
        return "there is no encoder to make a film to test it with"
    try:
        theirs = _greys(film, accelerator(name, software=False))
    except (av.FFmpegError, RuntimeError, ValueError, OSError) as error:
        return " ".join(str(error).split())[:160]
    ours = _greys(film, None)
    if len(theirs) != len(ours):
        return f"it decodes {len(theirs)} of {len(ours)} pictures"
    if float(np.abs(np.asarray(theirs) - np.asarray(ours)).max()) > SAME:
        return "its pictures are not those of the CPU"
    return ""


def accelerator(name: str, *, software: bool = True) -> Any:
    """PyAV's handle. `software`: streams that the device cannot decode go to the CPU."""
    from av.codec.hwaccel import HWAccel

    kind, _, device = name.partition(":")
    return HWAccel(kind, device=device or None, allow_software_fallback=software)


def _little_film() -> bytes:
    import io

    import av
    import numpy as np

    for encoder in ENCODERS:
        out = io.BytesIO()
        try:
            with av.open(out, "w", format="matroska") as opened:
                stream: Any = opened.add_stream(encoder, rate=10)
                stream.width = stream.height = SIDE
                stream.pix_fmt = "yuv420p"
                for n in range(FRAMES):
                    picture = np.full((SIDE, SIDE, 3), 40 + 20 * n, np.uint8)
                    opened.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
                opened.mux(stream.encode(None))
        except (av.FFmpegError, ValueError, OSError):
            continue
        return out.getvalue()
    return b""


def _greys(film: bytes, hwaccel: Any) -> list[float]:
    """The mean grey of each picture."""
    import io

    import av

    opened: Any
    with av.open(io.BytesIO(film), hwaccel=hwaccel) as opened:
        return [float(frame.to_ndarray(format="gray").mean()) for frame in opened.decode(video=0)]


if __name__ == "__main__":
    main()
