"""What the plugin says by code, the user interface says in every language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from compreface_plugin.domain.sentences import ENGLISH, Sentence, code_of, said_view, sentence

ROOT = Path(__file__).resolve().parent.parent
LOCALES = sorted((ROOT / "ui" / "src" / "locales").glob("*.json"))
PREFIX = "compreface.says."


def values_of(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", text))


def test_five_languages() -> None:
    assert [path.stem for path in LOCALES] == ["de", "en", "es", "fr", "ja"]


@pytest.mark.parametrize("path", LOCALES, ids=lambda path: path.stem)
def test_every_code_has_a_text_with_its_values(path: Path) -> None:
    messages = json.loads(path.read_text(encoding="utf-8"))
    said = {key.removeprefix(PREFIX): text for key, text in messages.items() if key.startswith(PREFIX)}
    assert set(said) == set(ENGLISH)
    assert {code: values_of(text) for code, text in said.items()} == {c: values_of(t) for c, t in ENGLISH.items()}
    if path.stem == "en":
        assert {code: text.replace(", number", "") for code, text in said.items()} == ENGLISH
    else:
        alike = {code for code, text in said.items() if text == messages_in_english()[PREFIX + code]}
        assert alike <= {"engine.again", "store.size"}, "not translated"


def messages_in_english() -> dict[str, str]:
    found: dict[str, str] = json.loads((ROOT / "ui" / "src" / "locales" / "en.json").read_text(encoding="utf-8"))
    return found


def test_every_code_is_said_somewhere() -> None:
    package = ROOT / "compreface_plugin"
    sources = [path for path in package.rglob("*.py") if path.name != "sentences.py"]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    made = re.findall(r'sentence\(\s*"([\w.]+)"(?:\s+if .*? else "([\w.]+)")?', text)
    assert {code for pair in made for code in pair if code} | decided() == set(ENGLISH)


def decided() -> set[str]:
    """What a person says about a face is made of the word itself."""
    from compreface_plugin.domain.memory import DECIDED, SILENCING, Said

    words = (Said.CONFIRMED, Said.NOT_HER, *SILENCING)
    return {code_of(f"{DECIDED}: {word.value}") for word in words}


def test_a_sentence_is_its_text_and_remembers_the_rest() -> None:
    inner = sentence("http.refused")
    said = sentence("server.silent", address="http://here", problem=inner, tries=3)
    assert isinstance(said, str)
    assert "does not answer (connection refused; 3 tries)" in said
    assert said_view(said) == {
        "code": "server.silent",
        "values": {
            "address": "http://here",
            "problem": {"text": "connection refused", "said": {"code": "http.refused", "values": {}}},
            "tries": 3,
        },
    }
    assert said_view(f"{said}") is None, "formatted, it is plain text"
    assert code_of(sentence("reason.nobody").encode().decode()) == "reason.nobody", "also back from the store"
    assert not isinstance(str(said), Sentence)


def test_the_page_knows_every_reason_for_low_quality() -> None:
    quality = (ROOT / "compreface_plugin" / "engine" / "quality.py").read_text(encoding="utf-8")
    words = re.findall(r'"(?:size|detector|sharpness|exposure|pose)": f?"([a-z ]+)', quality)
    wording = (ROOT / "ui" / "src" / "faces" / "wording.ts").read_text(encoding="utf-8")
    starts = re.findall(r'\["([a-z ]+)", "compreface\.quality', wording)
    assert len(words) == len(starts) == 5
    assert all(any(word.startswith(start) for start in starts) for word in words)


def test_the_page_knows_every_kind_of_failure() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "compreface_plugin").rglob("*.py")]
    codes = {code for text in sources for code in re.findall(r'^    code = "(\w+)"', text, re.MULTILINE)}
    known = {key.removeprefix("compreface.failure.") for key in messages_in_english() if "compreface.failure." in key}
    assert codes == known
