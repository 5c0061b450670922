"""What every test may use; what is skipped on a machine without a browser."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from feature_store.demo import write_demo
from feature_store.progress import steps
from model.build import Request, build
from model.parameters import QUICK

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SMALL_ITEMS = 300
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


@dataclass(frozen=True)
class Server:
    """A real server of the small demo: where it answers, and what it serves."""

    url: str
    artifacts: Path
    process: "subprocess.Popen[str]"


@pytest.fixture(scope="session")
def small_artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifacts folder with one build of a demo retailer of 300 items."""
    folder = tmp_path_factory.mktemp("small")
    write_demo(folder / "data", items=SMALL_ITEMS)
    with steps() as shown:
        build(Request(folder / "data", folder / "artifacts", parameters=QUICK), shown)
    return folder / "artifacts"


@pytest.fixture(scope="session")
def server(small_artifacts: Path, tmp_path_factory: pytest.TempPathFactory):
    """`scripts/serve` on the small demo, on a free port, for the whole run."""
    with running_server(small_artifacts) as found:
        yield found


@contextmanager
def running_server(
    artifacts: Path, *options: str, inside: Sequence[str] = (), **environ: str
) -> Iterator[Server]:
    """A real server of an artifacts folder, ready to answer; stopped by SIGTERM.

    `inside` is a command that starts the server's own, its last arguments. It writes
    no log unless SALES_LOG is given: nobody reads its output meanwhile.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    serve = [sys.executable, str(ROOT / "scripts" / "serve"), "--port", str(port)]
    environ = {"SALES_ARTIFACTS": str(artifacts), "SALES_LOG": "off", **environ}
    process = subprocess.Popen(
        [*inside, *serve, *options],
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_until_alive(url, process)
        yield Server(url, artifacts, process)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until_alive(url: str, process: "subprocess.Popen[str]", seconds: int = 60):
    """Wait for /healthz; fails with the server's output where it has died."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the server ended:\n{process.communicate()[0]}")
        try:
            requests.get(f"{url}/healthz", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"no answer from {url} in {seconds} s")
