"""What is committed is what the sources give, typed strictly."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def test_the_built_files_are_up_to_date(ui: Path) -> None:
    done = subprocess.run(["npm", "run", "--silent", "check"], cwd=ui, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_file_names_no_registry(ui: Path) -> None:
    assert '"resolved"' not in (ui / "package-lock.json").read_text(encoding="utf-8")


def test_no_messages_are_left_over(ui: Path) -> None:
    """Every message of the catalogue is used; that none is missing is what the compiler checks."""
    messages = json.loads((ui / "src" / "locales" / "en.json").read_text(encoding="utf-8"))
    sources = "".join(path.read_text(encoding="utf-8") for path in (ui / "src").rglob("*.ts*"))
    composed = tuple(set(re.findall(r"`(compreface\.[\w.]+\.)\$\{", sources)))  # built from a value
    assert [each for each in messages if f'"{each}"' not in sources and not each.startswith(composed)] == []
