"""The demonstration: its library holds what its truth says, its judge is strict, its report is self-contained."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from demo import library as demo_library
from demo import report
from demo.judge import Judged, SeenFace, summarise
from demo.library import DemoImage
from demo.terminal import StepDone, rows_of


@pytest.fixture(scope="module")
def library(photos_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> demo_library.Library:
    return demo_library.build(photos_dir, tmp_path_factory.mktemp("library"))


def face(name: str, verdict: str, similarity: float = 0.95, reason: str = "") -> SeenFace:
    return SeenFace((0.2, 0.2, 0.4, 0.5), verdict, name, similarity, 0.89, 0.8, reason)


def judged(kind: str, people: tuple[str, ...], named: tuple[str, ...], *faces: SeenFace) -> Judged:
    return Judged(DemoImage("a.jpg", "A <picture>", kind, people), named, (), faces)


def test_the_library_has_every_case_and_its_truth_on_disk(library: demo_library.Library) -> None:
    truth = json.loads((library.folder / "truth.json").read_text())
    assert len(truth["images"]) == len(library.images) >= 50
    assert {image.kind for image in library.images} == {
        "photograph", "variant", "group", "stranger", "empty", "broken",
    }  # fmt: skip
    enrolled = {performer.name for performer in library.performers}
    for image in library.images:
        assert library.path_of(image.file).is_file()
        assert set(image.people) <= enrolled
        assert len(set(image.people)) == len(image.people)
    assert any(image.kind == "group" and image.strangers for image in library.images)
    assert len({image.file for image in library.images}) == len(library.images)


def test_pictures_open_and_broken_ones_do_not(library: demo_library.Library) -> None:
    for image in library.images:
        path = library.path_of(image.file)
        if image.kind == "broken":
            with pytest.raises((OSError, SyntaxError)), Image.open(path) as picture:
                picture.load()
        else:
            with Image.open(path) as picture:
                picture.load()


def test_a_portrait_is_no_picture_of_the_library(library: demo_library.Library) -> None:
    portraits = {library.path_of(p.portrait).read_bytes() for p in library.performers if p.portrait}
    assert not portraits & {library.path_of(image.file).read_bytes() for image in library.images}


def test_the_same_library_every_time(
    library: demo_library.Library, photos_dir: Path, tmp_path: Path
) -> None:
    again = demo_library.build(photos_dir, tmp_path)
    for image in library.images:
        if image.kind == "broken":
            continue
        with Image.open(library.path_of(image.file)) as one, Image.open(again.path_of(image.file)) as two:
            assert ImageChops.difference(one.convert("RGB"), two.convert("RGB")).getbbox() is None


def test_a_wrong_name_or_an_incomplete_group_is_not_good() -> None:
    fine = judged("group", ("Ann", "Ben"), ("Ann", "Ben"), face("Ann", "accept"), face("Ben", "accept"))
    wrong = judged("stranger", (), ("Ann",), face("Ann", "accept"))
    incomplete = judged("group", ("Ann", "Ben"), ("Ann",), face("Ann", "accept"), face("Ben", "review"))
    missed = judged("variant", ("Ann",), ())
    assert summarise([fine]).good
    assert summarise([fine, missed]).good
    assert not summarise([fine, wrong]).good
    assert not summarise([fine, incomplete]).good
    counts = summarise([fine, wrong, incomplete, missed])
    assert (counts.right, counts.wrong, counts.missed, counts.strangers_named) == (3, 1, 2, 1)


def test_the_table_says_who_and_why_not() -> None:
    rows = rows_of(judged("group", ("Ann", "Ben"), ("Ann", "Eve"), face("Ann", "accept"), face("Ben", "review")))
    assert [(who, verdict) for who, _, verdict, _ in rows] == [
        ("Ann", "right"),
        ("Eve", "WRONG"),
        ("Ben", "missed: proposed for review"),
    ]
    assert rows_of(judged("variant", ("Ann",), ()))[0][2] == "missed: no face found"


def test_the_report_stands_alone_and_escapes(library: demo_library.Library, tmp_path: Path) -> None:
    group = next(image for image in library.images if image.file.endswith("wall-three.jpg"))
    seen = Judged(group, group.people, (), tuple(face(name, "accept") for name in group.people))
    cat = DemoImage("images/chelsea.png", "A <picture>", "empty")
    stranger = Judged(cat, (), (), (face("<b>Eve</b>", "review", 0.8, "below & under"),))
    data = report.ReportData(
        library, [seen, stranger], summarise([seen, stranger]), [StepDone("Step", "<done>", 1.0)], "dlib", {}
    )
    report.write(data, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<b>Eve</b>" not in page
    assert "&lt;b&gt;Eve&lt;/b&gt;?" in page
    assert "below &amp; under" in page
    assert "A &lt;picture&gt;" in page
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    assert page.count('class="box-accept"') == len(group.people)
    assert 'class="box-review"' in page


@pytest.mark.slow
def test_the_demonstration_ends_well(photos_dir: Path, repo_root: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo.run", "--out", str(tmp_path)],
        cwd=repo_root, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 wrongly" in done.stdout
    assert "every tag and performer as before" in done.stdout
    assert "\x1b" not in done.stdout
    assert (tmp_path / "report.html").stat().st_size > 1_000_000
