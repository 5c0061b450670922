"""`scripts/rollback`: an earlier build is served again."""

import pytest

from model import artifacts
from tests.model.tiny import build_tiny, copied, write_tiny
from tests.scripts.commands import assert_one_line, run


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """An artifacts folder with three builds, and their versions, newest first."""
    folder = tmp_path_factory.mktemp("three")
    data = write_tiny(folder / "data")
    versions = [build_tiny(data, folder / "artifacts")[0].version for _ in range(3)]
    return folder / "artifacts", versions[::-1]


@pytest.fixture
def mine(three, tmp_path):
    folder, _ = copied(three[0], tmp_path / "artifacts")
    return folder, three[1]


def test_the_build_before_the_current_one_is_served(mine):
    folder, (newest, before, oldest) = mine
    assert run("rollback", "--out", folder).stdout == f"Serving {before}\n"
    assert artifacts.current(folder).name == before
    listed = run("rollback", "--list", SALES_ARTIFACTS=str(folder)).stdout
    assert listed == f"{newest}\n{before} (current)\n{oldest}\n"
    assert run("rollback", "--out", folder).stdout == f"Serving {oldest}\n"
    done = run("rollback", "--out", folder)
    assert_one_line(done, 1, "no build before the current one")


def test_any_build_can_be_named(mine):
    folder, (_, _, oldest) = mine
    assert artifacts.roll_back(folder, oldest) == oldest
    assert artifacts.current(folder).name == oldest


@pytest.mark.parametrize("version", ["2015-11-00000000", "../elsewhere", "current", ""])
def test_a_version_that_is_no_build_is_refused(mine, version):
    folder, (newest, *_) = mine
    done = run("rollback", "--out", folder, "--", version)
    assert_one_line(done, 1, f"no build {version!r}; there are: {newest}")
    assert artifacts.current(folder).name == newest


def test_a_build_that_does_not_verify_is_not_served(mine):
    folder, (newest, before, oldest) = mine
    (folder / before / "scorer.onnx").unlink()
    assert_one_line(run("rollback", "--out", folder), 1, "scorer.onnx: missing")
    assert artifacts.current(folder).name == newest
    assert artifacts.roll_back(folder, oldest) == oldest


def test_a_current_build_that_is_broken_is_left_for_the_newest_whole_one(mine):
    folder, (newest, before, _) = mine
    (folder / newest / "manifest.json").unlink()
    assert artifacts.roll_back(folder) == before
