"""The README, done as a stranger would: every block of it, in a fresh copy."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ROOT, free_port

LEFT_OUT = [
    "docker build --tag=salespredictor .",
    "docker run -p 4000:80 salespredictor",
    'docker run -p 4000:80 -v "$PWD/artifacts:/app/artifacts:ro" salespredictor',
]
SERVE = "scripts/serve"


class Block(NamedTuple):
    language: str
    text: str


class Checkout(NamedTuple):
    """A fresh copy of the project, and the port that stands in for 4000."""

    folder: Path
    port: int

    def run(self, command: list[str], **environ: str) -> str:
        """Run a command there; what it prints. Fails with its errors."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
        return done.stdout


def blocks() -> list[Block]:
    """The fenced blocks of the README that name a language."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [
        Block(*found)
        for found in re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    ]


def lines(text: str) -> list[str]:
    """The commands of a shell block."""
    return [line for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A copy of what Git knows, served as its README says.

    `.venv` is this one's; making it has tests of its own.
    """
    if shutil.which("curl") is None:
        pytest.skip("no curl here: apt-get install curl")
    folder = tmp_path_factory.mktemp("fresh") / "salespredictor"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.check_output(listed, cwd=ROOT, text=True).split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    port = free_port()
    process = subprocess.Popen(
        [folder / SERVE, "--port", str(port)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "SALES_LOG": "off"},  # as at a terminal
    )
    _wait_for(process, "Serving on")
    yield Checkout(folder, port)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=40)
    assert process.returncode == 0


def _wait_for(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stdout
    started = time.monotonic()
    for line in process.stdout:
        if line.startswith(words):
            return
    pytest.fail(f"the server ended after {time.monotonic() - started:.0f} s")


def test_every_shell_block_does_what_it_says(checkout, tmp_path):
    (tmp_path / ".curlrc").write_text("silent\nshow-error\n")
    found, left_out, compared = blocks(), [], 0
    for block, after in zip(found, [*found[1:], Block("", "")], strict=True):
        if block.language != "sh":
            continue
        for line in lines(block.text):
            if line.startswith("docker"):
                left_out.append(line)
            elif line != SERVE:  # that one is running
                printed = _do(checkout, line, tmp_path)
                if after.language == "json":
                    compared += 1
                    same(json.loads(printed), json.loads(after.text))
                elif after.language == "text":
                    compared += 1
                    assert_same_rows(printed, after.text)
                elif line.startswith("curl"):
                    assert "status" not in json.loads(printed) or "readyz" in line
    assert left_out == LEFT_OUT
    assert compared == 5
    assert any(SERVE in lines(block.text) for block in found)


def _do(checkout: Checkout, line: str, curl_home: Path) -> str:
    """Run a line as it stands, but for the port; tests are only collected."""
    here = line.replace("localhost:4000", f"localhost:{checkout.port}")
    address = f"--url http://localhost:{checkout.port}"
    here = here.replace("scripts/predict", f"scripts/predict {address}")
    return checkout.run(
        ["bash", "-c", here],
        CURL_HOME=str(curl_home),
        PYTEST_ADDOPTS="--collect-only -q",
    )


def same(found: object, shown: object, field: str = "") -> None:
    """What was answered is what the README shows; a build's version has its month."""
    if isinstance(shown, dict):
        assert isinstance(found, dict)
        assert list(found) == list(shown)
        for name, value in shown.items():
            same(found[name], value, name)
    elif isinstance(shown, list):
        assert isinstance(found, list)
        assert len(found) == len(shown)
        for one, other in zip(found, shown, strict=True):
            same(one, other, field)
    elif field == "model":
        assert str(found)[:8] == str(shown)[:8]
    elif isinstance(shown, float):
        assert found == pytest.approx(shown, rel=1e-5)
    else:
        assert found == shown


def assert_same_rows(found: str, shown: str) -> None:
    """A CSV answer is what the README shows, its numbers to 1e-5."""
    pairs = zip(found.split(), shown.split(), strict=True)
    for one, other in (
        pair for rows in pairs for pair in zip(*_cells(*rows), strict=True)
    ):
        assert one == other or float(one) == pytest.approx(float(other), rel=1e-5)


def _cells(*rows: str) -> list[list[str]]:
    return [row.split(",") for row in rows]


def test_every_python_block_runs(checkout):
    programs = [block.text for block in blocks() if block.language == "python"]
    assert len(programs) == 3
    for program in programs:
        here = program.replace("localhost:4000", f"localhost:{checkout.port}")
        assert checkout.run([".venv/bin/python", "-c", here]).strip()


def test_the_settings_are_those_of_the_code():
    from service.settings import SETTINGS

    table = [f"| `{s.name}` | `{s.default}` | {s.meaning} |" for s in SETTINGS]
    assert [row for row in _rows() if row.startswith("| `SALES_")] == table


def test_every_requirement_has_its_reason():
    wanted = {
        line.strip()
        for line in (ROOT / "requirements.in").read_text().splitlines()
        if line and not line.startswith("#")
    }
    reasons = _rows()[_rows().index("| package | why |") + 2 :]
    named = [row.split("|")[1].strip() for row in reasons if row.count("|") == 3]
    assert sorted(named) == sorted(wanted)


def _rows() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith("|")]
