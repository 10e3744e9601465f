"""The model packs this plugin knows: files, sizes, hashes, terms, origin. Data only; see docs/models.md.

The hashes were taken from: the pointer file of the OpenCV model zoo (YuNet), the published files themselves,
whose SHA-384 equals the one published for release 2023.0 (retail-0095), and, because InsightFace publishes
none, values on which several independent projects agree (the zip files).
"""

from __future__ import annotations

from dataclasses import dataclass

_OMZ = (
    "https://storage.openvinotoolkit.org/repositories/open_model_zoo/2023.0/models_bin/1/"
    "face-reidentification-retail-0095/FP16/"
)
_OPENCV = "https://github.com/opencv/opencv_zoo/raw/main/models/face_detection_yunet/"
_INSIGHTFACE = "https://github.com/deepinsight/insightface/releases/download/v0.7/"
_RESEARCH = (
    "InsightFace grants its pre-trained models for non-commercial research purposes only "
    "(https://github.com/deepinsight/insightface#license); the code is MIT, the weights are not"
)


@dataclass(frozen=True, slots=True)
class Download:
    """One file to fetch. A zip archive is unpacked into the pack's folder: its *.onnx files, flat."""

    url: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        return self.url.rsplit("/", 1)[1]


@dataclass(frozen=True, slots=True)
class PackTerms:
    """Whose it is and what may be done with it."""

    licence: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class ModelPack:
    """A pack that can be fetched. `rank`: smaller is better. `needs`: the Python package it runs on."""

    name: str
    rank: int
    what: str
    terms: PackTerms
    downloads: tuple[Download, ...]
    needs: str

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return sum(download.size for download in self.downloads)


def _insightface(name: str, rank: int, what: str, size: int, sha256: str) -> ModelPack:
    terms = PackTerms(
        "non-commercial research only", _RESEARCH, "https://github.com/deepinsight/insightface/tree/master/model_zoo"
    )
    return ModelPack(name, rank, what, terms, (Download(f"{_INSIGHTFACE}{name}.zip", size, sha256),), "onnxruntime")


PACKS: dict[str, ModelPack] = {
    pack.name: pack
    for pack in (
        _insightface(
            "antelopev2",
            10,
            "SCRFD-10G and ResNet-100 trained on Glint360K",
            360_662_982,
            "8e182f14fc6e80b3bfa375b33eb6cff7ee05d8ef7633e738d1c89021dcf0c5c5",
        ),
        _insightface(
            "buffalo_l",
            11,
            "SCRFD-10G and ResNet-50 trained on WebFace600K",
            288_621_354,
            "80ffe37d8a5940d59a7384c201a2a38d4741f2f3c51eef46ebb28218a7b0ca2f",
        ),
        _insightface(
            "buffalo_s",
            20,
            "SCRFD-500M and MobileFaceNet trained on WebFace600K, age and gender",
            127_607_557,
            "d85a87f503f691807cd8bb97128bdf7a0660326cd9cd02657127fa978bab8b5e",
        ),
        _insightface(
            "buffalo_sc",
            21,
            "SCRFD-500M and MobileFaceNet trained on WebFace600K",
            14_969_382,
            "57d31b56b6ffa911c8a73cfc1707c73cab76efe7f13b675a05223bf42de47c72",
        ),
        ModelPack(
            "light",
            30,
            "YuNet and face-reidentification-retail-0095",
            PackTerms(
                "MIT (YuNet), Apache-2.0 (retail-0095)",
                "YuNet: MIT licence, Copyright (c) 2020 Shiqi Yu; retail-0095: Apache License 2.0, "
                "Intel Corporation. Both may be used freely, commercially too",
                "https://github.com/opencv/opencv_zoo and https://github.com/openvinotoolkit/open_model_zoo",
            ),
            (
                Download(
                    _OPENCV + "face_detection_yunet_2023mar.onnx",
                    232_589,
                    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
                ),
                Download(
                    _OMZ + "face-reidentification-retail-0095.xml",
                    350_427,
                    "ce53d2c9c08c0bd1c1660fb8a5b6d0e3e4ec19eb92f1036d2d83a85e83082dce",
                ),
                Download(
                    _OMZ + "face-reidentification-retail-0095.bin",
                    2_213_628,
                    "241229ca3d206321868d46ce74a3c0b06c49cea58db7dc70b2e842ff287545d1",
                ),
            ),
            "openvino",
        ),
    )
}
UNKNOWN_RANK = 25
"""Of an InsightFace folder whose name is not in the table: better than `light`, below the known ones."""
DLIB_RANK = 40
