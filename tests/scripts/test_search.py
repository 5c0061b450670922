"""scripts/search: what it prints and writes, and that the build takes it."""

import pytest

from model import manifest as manifests
from model.artifacts import current
from model.parameters import read
from tests.model.tiny import write_tiny
from tests.scripts.commands import assert_one_line, run


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("search") / "data")


def test_the_best_set_is_written_for_the_build(data, tmp_path):
    best = tmp_path / "made" / "best.json"
    options = ("--data", data, "--at-most", 500)
    done = run("search", *options, "--trials", 2, "--out", best)
    assert (done.returncode, done.stderr) == (0, "")
    assert "the defaults" in done.stdout
    ending = f"scripts/build --data {data} --params {best}\n"
    assert done.stdout.endswith(f"The best is in {best}: {ending}")
    built = run("build", "--data", data, "--params", best, "--out", tmp_path, "--force")
    assert built.returncode == 0, built.stderr
    facts = manifests.read(current(tmp_path))
    assert facts.training.parameters == read(best).as_dict()


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--trials", "0"), 2, "'0', expected a whole number from 1"),
        (("--at-most", "1e6"), 2, "'1e6', expected a whole number from 1"),
        ((), 1, "search: {data}: "),
    ],
)
def test_what_is_wrong_is_said(tmp_path, options, code, words):
    done = run("search", "--data", tmp_path, *options)
    assert done.returncode == code
    assert words.format(data=tmp_path) in done.stderr
    if code == 1:
        assert_one_line(done, 1)
