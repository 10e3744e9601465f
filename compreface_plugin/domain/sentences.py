"""Sentences that a page may say in another language: each has a code and values beside its English text.

The user interface has them by code in every language (ui/src/locales); a test holds both sides together. What has no
code is shown in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ENGLISH: Mapping[str, str] = {
    "stash.answers": "Stash {version} answers; jobs waiting: {jobs}",
    "store.holds": "performers: {performers}, examples of them: {examples}, faces: {faces}",
    "store.full": "the disk is nearly full: make room, or set another data folder",
    "store.size": "{megabytes} MB",
    "models.found": "installed, best first: {packs}",
    "models.none": "no model pack is installed",
    "models.install": "install one below, or run install.sh",
    "models.light": "for better recognition of strangers install the pack light",
    "engine.pinned": "{engine}, pack {pack}, model {model}",
    "engine.unchosen": "not chosen yet",
    "engine.better": "the pack {pack} is installed too: the task Switch Engine moves to it",
    "engine.passed": "self-test passed: {model} on {device}",
    "engine.failed": "the self-test of {model} on {device} failed: {reason}",
    "engine.first": "{seconds} s, loading included",
    "engine.again": "{milliseconds} ms",
    "engine.card": "an NVIDIA card is there and not used: clear the setting device, or set it to cuda:0",
    "engine.gpu": "an NVIDIA card is there and not used: run install.sh --gpu in the plugin's folder",
    "people.none": "nobody is enrolled",
    "people.enrolled": "performers that are known: {performers}",
    "people.learn": "run the task Synchronize Performers",
    "compreface.unneeded": "not set up, and not needed by a local engine",
    "compreface.untried": "keys that are set: {count}; not tried now",
    "compreface.copy": "copy the key of a Recognition service from CompreFace's page of services into the settings",
    "compreface.none": "no CompreFace was found",
    "compreface.start": "start CompreFace, or correct the setting Address of CompreFace",
    "compreface.answers": "CompreFace answers",
    "compreface.refuses": "CompreFace answers at {address} and refuses a key",
    "compreface.keyless": "CompreFace answers at {address}, and no recognition key is set",
    "compreface.works": "CompreFace answers at {address}, every key that is set opens its service",
    "compreface.headless": "CompreFace answers at {address}, its inference service does not",
    "compreface.core": "start CompreFace's container compreface-core, or wait until it is up",
    "core.silent": "does not answer ({answer})",
    "compreface.model": "{model}, faces found by {detector}",
    "key.missing": "not set",
    "key.unneeded": "not set, and not needed",
    "key.set": "set, not tried now",
    "key.opens": "opens its service",
    "key.other": (
        "The setting {wanted}ApiKey holds the key of a {found} service where that of a {wanted} service is needed; "
        "copy the key of a {wanted} service from CompreFace's page of services."
    ),
    "key.unknown": (
        "CompreFace at {address} knows no {wanted} service with the key in the setting {wanted}ApiKey; copy the key"
        " of a {wanted} service from its page of services."
    ),
    "key.refused": (
        "CompreFace at {address} refuses the key in the setting {wanted}ApiKey ({answer}): copy the whole key of a "
        "{wanted} service from its page of services."
    ),
    "address.wrong": (
        "The setting comprefaceUrl is {given}; allowed is an address as http://compreface:8000, or a host name "
        "alone. Correct it and start again."
    ),
    "server.silent": (
        "CompreFace at {address} does not answer ({problem}; {tries} tries): start it, or correct comprefaceUrl, "
        "and start the task again; what is done stays."
    ),
    "server.core": (
        "The inference service of CompreFace at {address} does not answer ({problem}; {tries} tries): start its "
        "container compreface-core, or wait until it is up, and start the task again; what is done stays."
    ),
    "server.other": "something else answers ({answer})",
    "http.certificate": "its certificate is not trusted",
    "http.connect": "no connection in time",
    "http.answer": "no answer in time",
    "http.name": "the host name is unknown",
    "http.refused": "connection refused",
    "http.broke": "the connection broke",
    "model.named": (
        "the setting modelPack is {pack} and that pack is not installed (installed: {installed}); run install.sh "
        "--models {pack}, or clear the setting"
    ),
    "model.none": "no model pack is installed: run install.sh in the plugin's folder",
    "model.changed": (
        "the model of {pack} has changed (it was {before}, now it is {now}): run the task Switch Engine to move to "
        "it, or bring the earlier one back"
    ),
    "model.another": (
        "the faces in the store were made with {pack} and the settings ask for {asked}: run the task Switch Engine "
        "to move, or clear the setting"
    ),
    "model.package": "The model pack {pack} needs the Python package {package}: run install.sh.",
    "model.missing": "The model pack {pack} is not in {places}; install.sh --models {pack} fetches it.",
    "model.damaged": "The model file {file} cannot be loaded on {device} ({reason}): fetch the pack {pack} again.",
    "model.empty": "The model file {file} gives no numbers on {device}: fetch the pack {pack} again.",
    "device.wrong": (
        "The device {device} computes wrongly: embeddings on it and on the CPU agree by {cosine} only. Install "
        "another driver, or choose the cpu."
    ),
    "device.failed": "{device} failed ({reason}): set a smaller inferenceBatchSize, or the device to cpu.",
    "device.unknown": "The device {device} is unknown; allowed are {known}, with :0, :1, ...",
    "device.missing": (
        "The device {device} was asked for, and {library} offers only {offered}: install the matching build and "
        "driver (install.sh --gpu), or set the device to cpu."
    ),
    "device.fallback": (
        "The device {device} cannot run here: ONNX Runtime falls back to {instead}. Check driver and libraries, or "
        "set the device to cpu."
    ),
    "server.model": (
        "CompreFace at {address} does not tell which model it runs: let its gateway forward /core/status, as its "
        "own does from version 1.1 on."
    ),
    "server.keyless": (
        "The engine CompreFace needs the setting recognitionApiKey: copy the key of a Recognition service from "
        "CompreFace's page of services."
    ),
    "server.nowhere": (
        "CompreFace was not found; tried {tried}. Start it, or correct the setting comprefaceUrl, then start the "
        "task again."
    ),
    # why a face got its verdict; these stand in the store as text
    "reason.nobody": "nobody is enrolled",
    "reason.stranger": "resembles nobody enough",
    "reason.below": "similarity below what is required",
    "reason.ambiguous": "another performer is as similar",
    "reason.rejected": "the most similar performer was rejected by a person",
    "reason.unmatched": "never matched",
    "reason.unasked": "only another face was asked for",
    "reason.apart": "a person put it into another group than this performer's faces",
    "reason.frames": "too few frames agree",
    "reason.previews": "seen in small preview pictures alone",
    "reason.takenOff": "somebody took this performer off the item",
    "reason.grouped": "grouped with faces of the same person",
    "said.confirmed": "a person said so: confirmed",
    "said.other": "a person said so: not this person",
    "said.notAFace": "a person said so: not a face",
    "said.ignore": "a person said so: ignore",
}


class Sentence(str):
    """English text that knows which sentence it is. Whatever is made of it by formatting is plain text again."""

    code: str
    values: Mapping[str, object]


def sentence(code: str, **values: object) -> Sentence:
    """The sentence of that code. Values are text, numbers, or sentences. Raises KeyError where one is missing."""
    said = Sentence(ENGLISH[code].format(**values))
    said.code, said.values = code, values
    return said


def said_view(text: str) -> dict[str, Any] | None:
    """Code and values as JSON, for a page in another language; None for plain text."""
    if not isinstance(text, Sentence):
        return None
    values = {
        name: {"text": value, "said": said_view(value)} if isinstance(value, Sentence) else value
        for name, value in text.values.items()
    }
    return {"code": text.code, "values": values}


def code_of(text: str) -> str:
    """The code of a face's reason that came back from the store; "" for any other text."""
    return _CODES.get(text, "")


_CODES = {text: code for code, text in ENGLISH.items() if code.startswith(("reason.", "said."))}
