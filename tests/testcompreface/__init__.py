"""A CompreFace server for tests and the demonstration: REST, state and quirks of 1.2.0, real faces by a local engine.

    with TestCompreFace() as server:
        requests.get(server.base_url + "/api/v1/recognition/subjects", headers={"x-api-key": server.recognition_key})

Listens on 127.0.0.1 alone. What it does differently from the real one stands in docs/compreface.md.
"""

from .builds import DLIB, FACENET_LIKE, INSIGHTFACE_LIKE, LIGHT, Build
from .server import TestCompreFace
from .web import RequestRecord

__all__ = ["DLIB", "FACENET_LIKE", "INSIGHTFACE_LIKE", "LIGHT", "Build", "RequestRecord", "TestCompreFace"]
