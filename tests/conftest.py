"""What every test may use; what is skipped on a machine without a browser."""

import json
import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = "no Chromium here: apt-get install chromium"


def chromium_path() -> str | None:
    """The system's Chromium, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def pytest_report_header() -> str:
    found = chromium_path()
    return f"chromium: {found or f'tests of the page are skipped, {NO_BROWSER}'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if chromium_path() is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=NO_BROWSER))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real sales: `ten-months` and `thirty-four-months`."""
    beside = ROOT.parent / "shared" / "data"
    folder = Path(os.environ.get("SALES_TEST_DATA", beside))
    if not (folder / "ten-months").is_dir():
        pytest.skip(f"no real sales in {folder} (SALES_TEST_DATA names another)")
    return folder


@pytest.fixture(scope="session")
def original_requests() -> dict[str, list]:
    """The original's published requests, and its names of the 44 values."""
    text = (ROOT / "tests" / "original_requests.json").read_text(encoding="utf-8")
    return json.loads(text)
