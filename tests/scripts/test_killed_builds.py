"""Builds that are killed, or run out of disk: what was served is served on."""

import os
import random
import resource
import signal
import subprocess
import sys
import time

import pytest

from model import artifacts
from model.artifacts import Build
from tests.conftest import ROOT
from tests.model.tiny import build_tiny, snapshot, write_tiny

STEPS = (
    "Reading and checking the sales",
    "Writing the feature store",
    "Decoding the feature store",
    "Choosing the number of trees",
    "Holding the last month out",
    "Finding where the errors are",
    "Training on every month",
    "Deriving the scorer",
    "Writing the report",
    "Verifying",
    "Publishing",
)
RANDOM_KILLS = 20


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("killed") / "data")


@pytest.fixture
def out(data, tmp_path):
    """An artifacts folder that serves a build."""
    build_tiny(data, tmp_path / "artifacts")
    return tmp_path / "artifacts"


def start(data, out, **options):
    """`scripts/build` with a line a step."""
    command = [sys.executable, ROOT / "scripts" / "build", "--data", data, "--out", out]
    return subprocess.Popen(
        [*command, "--quick", "--verbose"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        **options,
    )


def assert_next_build_succeeds(data, out):
    """A whole build is served, the next one is made, and nothing is left beside."""
    Build.open(artifacts.current(out))
    _, folder = build_tiny(data, out)
    assert artifacts.current(out) == folder.resolve()
    assert [path.name for path in out.glob(".building*")] == []
    assert len(artifacts.versions(out)) <= 3


def test_the_steps_are_those_that_are_logged(data, out):
    with start(data, out) as process:
        logged = [line.removesuffix(" ...\n") for line in process.stderr]
    assert process.returncode == 0
    assert tuple(logged) == STEPS


@pytest.mark.parametrize("step", STEPS)
def test_a_build_killed_as_a_step_begins_changes_nothing(data, out, step):
    before = snapshot(out)
    with start(data, out) as process:
        for line in process.stderr:
            if line.startswith(step):
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL
    if step != "Publishing":  # that one may be done before the signal arrives
        assert snapshot(out) == before
    assert_next_build_succeeds(data, out)


@pytest.mark.slow
def test_a_build_killed_at_any_moment_changes_nothing(data, out):
    started = time.monotonic()
    with start(data, out) as process:
        assert process.wait() == 0
    seconds = time.monotonic() - started
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    for _ in range(RANDOM_KILLS):
        with start(data, out) as process:
            time.sleep(moments.uniform(0, seconds))
            process.kill()
        Build.open(artifacts.current(out))
    assert_next_build_succeeds(data, out)


@pytest.mark.parametrize("kilobytes", [1, 20, 120])
def test_a_build_that_may_not_write_so_much_fails_in_one_line(data, out, kilobytes):
    before = snapshot(out)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024,) * 2)

    with start(data, out, preexec_fn=limit) as process:
        *_, last = process.stderr
    assert process.returncode == 1
    assert last.startswith("build: ")
    assert "File too large" in last
    assert snapshot(out) == before
    assert_next_build_succeeds(data, out)


def test_a_full_disk_fails_in_one_line_and_changes_nothing(data, out):
    disk = out.parent / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted here (root may)")
    try:
        build_tiny(data, disk)
        before = snapshot(disk)
        (disk / "filling").write_bytes(bytes(_free(disk) - 64 * 1024))
        with start(data, disk) as process:
            *_, last = process.stderr
        assert process.returncode == 1
        assert "No space left on device" in last
        assert snapshot(disk) == before
        (disk / "filling").unlink()
        assert_next_build_succeeds(data, disk)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _free(folder):
    found = os.statvfs(folder)
    return found.f_bavail * found.f_bsize
