"""What is committed is what the sources give, typed strictly."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def test_the_built_files_are_up_to_date(ui: Path) -> None:
    done = subprocess.run(["npm", "run", "--silent", "check"], cwd=ui, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_file_names_no_registry(ui: Path) -> None:
    assert '"resolved"' not in (ui / "package-lock.json").read_text(encoding="utf-8")
