"""scripts/search: what it prints and writes, and that the build takes it."""

import re
import time

import pytest

from model import manifest as manifests
from model.artifacts import current
from model.parameters import read
from tests.model.tiny import write_tiny
from tests.scripts.commands import assert_one_line, press_ctrl_c, run, start


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
    ("option", "value"), [("--trials", "0"), ("--at-most", "1e6"), ("--trials", "-1")]
)
def test_a_bad_number_is_refused(tmp_path, option, value):
    done = run("search", "--data", tmp_path, option, value)
    assert done.returncode == 2
    assert f"{option}: {value!r}, expected a whole number from 1" in done.stderr


def test_a_folder_without_sales_is_named_in_one_line(tmp_path):
    done = run("search", "--data", tmp_path)
    assert_one_line(done, 1, f"search: {tmp_path}/sales_train: no such file")


def test_ctrl_c_leaves_the_best_so_far(data, tmp_path):
    best = tmp_path / "best.json"
    options = ("--data", data, "--at-most", 500, "--trials", 10_000, "--out", best)
    process = start("search", *options)
    started = time.monotonic()
    while not best.exists() and time.monotonic() - started < 60:
        time.sleep(0.05)
    press_ctrl_c(process)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.fullmatch(rf"search: stopped; the best of \d+ is in {best}\n", told)
    assert read(best)
