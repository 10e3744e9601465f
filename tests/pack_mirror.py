"""The files of the pack light over HTTP on loopback, flat, as a mirror of model packs serves them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LIGHT = (
    "opencv/face_detection_yunet_2023mar.onnx",
    "openvino/face-reidentification-retail-0095/face-reidentification-retail-0095.xml",
    "openvino/face-reidentification-retail-0095/face-reidentification-retail-0095.bin",
)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing to keep."""


@contextmanager
def light_mirror(models: Path, folder: Path) -> Iterator[str]:
    """Its address. `models`: where the files are taken from; `folder`: is made, for the copies that are served."""
    folder.mkdir()
    for name in LIGHT:
        (folder / Path(name).name).write_bytes((models / name).read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
