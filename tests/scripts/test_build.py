"""scripts/build: what it prints, when it fails, and that a failure changes nothing."""

import json
import re
import time

import pandas as pd
import pytest

from model import manifest as manifests
from model.artifacts import current, staging
from model.parameters import QUICK
from tests.conftest import running_server
from tests.model.tiny import PARAMETERS, build_tiny, copied, snapshot, write_tiny
from tests.scripts.commands import assert_one_line, press_ctrl_c, run, start
from tests.service.clients import asked, client_of, got, pair


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Ten months of a small demo, and quick parameters in a file beside it."""
    folder = write_tiny(tmp_path_factory.mktemp("command") / "data")
    parameters = json.dumps(PARAMETERS.as_dict())
    (folder.parent / "parameters.json").write_text(parameters)
    return folder


@pytest.fixture(scope="module")
def out(data):
    """Artifacts with one build, not to be altered."""
    folder = data.parent / "artifacts"
    build_tiny(data, folder)
    return folder


@pytest.fixture(scope="module")
def done(data):
    """The command, run once in the data's parent folder."""
    options = ("--data", "data", "--out", "out", "--params", "parameters.json")
    return run("build", *options, cwd=data.parent)


@pytest.fixture
def served(out, tmp_path):
    """A copy of the artifacts, and what was served before."""
    artifacts, _ = copied(out, tmp_path / "artifacts")
    return artifacts, snapshot(artifacts)


def squeezed(text):
    """The lines of an output, a run of spaces as one."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_it_builds_from_any_folder_and_serves_what_it_built(done, data):
    assert done.returncode == 0, done.stderr
    folder = current(data.parent / "out")
    assert manifests.read(folder).month == "2013-11"
    answer = asked(client_of(data.parent / "out"), pair(24, 6))
    assert (answer["date_block_num"], answer["month"]) == (10, "2013-11")


def test_it_ends_with_a_summary_for_people(done, data):
    folder = current(data.parent / "out")
    facts = manifests.read(folder)
    lines = squeezed(done.stdout)
    assert f"Built {facts.version}" in lines
    assert "forecast month 2013-11 (date_block_num 10)" in lines
    assert (
        f"data {facts.store.daily_rows:,} daily rows, 2013-01 to 2013-10"
        " (the demo retailer)" in lines
    )
    listed = f"{facts.store.listed:,} listed (test.csv.gz)"
    assert f"feature store 6,000 pairs, of them {listed}" in lines
    rows = f"{facts.training.rows:,} rows from 2013-07"
    assert f"model {facts.training.rounds} trees on {rows}" in lines
    assert any(line.startswith("basis ") and " none" in line for line in lines)
    assert re.search(r"time +[0-9]+ s\n", done.stdout)
    assert str(folder.name) in done.stdout
    assert re.search(rf"\({len(facts.files)} files, +[0-9]+ MB\)", done.stdout)


def test_the_summary_has_the_error_beside_the_baselines(done, data):
    facts = manifests.read(current(data.parent / "out"))
    holdout = facts.training.holdout
    lines = squeezed(done.stdout)
    title = f"Error on 2013-10, held out ({holdout.rows:,} rows, full grid)"
    assert title in lines
    for scores in (holdout.model, *holdout.baselines):
        values = (scores.rmse, scores.mae, scores.bias)
        shown = [scores.name, *(f"{value:.4f}" for value in values)]
        assert " │ ".join(shown) in "\n".join(lines)


def test_the_summary_has_the_listed_pairs_the_intervals_and_the_report(done, data):
    folder = current(data.parent / "out")
    holdout = manifests.read(folder).training.holdout
    lines = squeezed(done.stdout)
    listed, (every, large) = holdout.listed, holdout.intervals
    assert (
        f"On the {listed.rows:,} pairs that are listed: RMSE {listed.rmse:.4f},"
        f" MAE {listed.mae:.4f}, bias {listed.bias:.4f}" in lines
    )
    assert (
        f"Between the interval's bounds: {every.covered:.1%} of rows (all),"
        f" {large.covered:.1%} of rows (predicted at 0.5 or more)" in lines
    )
    (path,) = [line.split()[1] for line in lines if line.startswith("report ")]
    assert (data.parent / path).is_file()


def test_the_summary_has_every_warning(done, data):
    warnings = manifests.read(current(data.parent / "out")).warnings
    assert len(warnings) >= 3
    assert all(f"warning: {warning}" in done.stdout for warning in warnings)


def test_a_pipe_gets_no_progress_and_no_colours(done):
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout


@pytest.mark.parametrize("name", ["build", "serve", "demo-data"])
def test_help_tells_every_option(name):
    told = run(name, "--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"usage: {name} ")
    expected = {
        "build": "--data --month --pairs --out --quick --params --force",
        "serve": "--port --host --workers --build-only SALES_ARTIFACTS SALES_KEEP",
        "demo-data": "--out --seed --items",
    }[name]
    assert all(option in told.stdout for option in expected.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--data"),
        (("--data", "x", "--month", "soon"), "--month: invalid int value: 'soon'"),
        (("--data", "x", "--quick", "--params", "y"), "not allowed with"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, words):
    told = run("build", *options)
    assert told.returncode == 2
    assert words in told.stderr
    assert "Traceback" not in told.stderr


def spoiled(data, folder, name, spoil):
    """The data with one file's text changed."""
    folder.mkdir()
    for path in data.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    frame = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
    spoil(frame).to_csv(folder / name, index=False)
    return folder


def set_cell(row, column, value):
    def spoil(frame):
        frame.loc[row - 1, column] = value
        return frame

    return spoil


SALES = "sales_train.csv.gz"
SPOILED = [
    (SALES, set_cell(7, "item_price", "dear"), "row 7, column item_price: 'dear'"),
    (SALES, set_cell(9, "date", "31.02.2013"), "row 9, column date: '31.02.2013'"),
    (SALES, set_cell(3, "item_id", "4444"), "row 3, column item_id: 4444, expected"),
    ("items.csv", lambda f: f.drop(columns="item_name"), "no column item_name"),
]


@pytest.mark.parametrize(("name", "spoil", "words"), SPOILED)
def test_bad_sales_are_a_line_and_change_nothing(
    data, served, tmp_path, name, spoil, words
):
    artifacts, before = served
    folder = spoiled(data, tmp_path / "data", name, spoil)
    told = run("build", "--data", folder, "--out", artifacts)
    assert_one_line(told, 1, f"build: {folder / name}", words)
    assert snapshot(artifacts) == before


def test_other_failures_are_a_line_and_change_nothing(data, served, tmp_path):
    artifacts, before = served
    bad = tmp_path / "bad.json"
    bad.write_text('{"max_rounds": 0}')
    nine = tmp_path / "nine.json"
    booster = {"objective": "reg:squarederror", "base_score": 9.0, "eta": 0.0001}
    nine.write_text(json.dumps({"booster": booster, "max_rounds": 1}))
    for options, words in (
        (("--data", tmp_path / "none"), f"{tmp_path / 'none'}: no such folder"),
        (("--data", data, "--params", bad), "Expected `int` >= 1"),
        (("--data", data, "--params", nine), "not served (--force serves it)"),
    ):
        told = run("build", *options, "--out", artifacts)
        assert_one_line(told, 1, "build: ", words)
        assert snapshot(artifacts) == before


def test_two_builds_at_once_are_one_too_many(data, served):
    artifacts, before = served
    with staging(artifacts):
        told = run("build", "--data", data, "--out", artifacts)
    assert_one_line(told, 1, f"build: {artifacts}: another build is at work here")
    assert snapshot(artifacts) == before


def test_settings_name_the_folder_and_are_checked(data, tmp_path):
    parameters = ("--params", data.parent / "parameters.json")
    told = run("build", "--data", data, SALES_KEEP="all")
    assert_one_line(told, told.returncode, "SALES_KEEP is 'all', expected a whole")
    assert told.returncode in (1, 2)
    folder = str(tmp_path / "by-setting")
    told = run("build", "--data", data, *parameters, SALES_ARTIFACTS=folder)
    assert told.returncode == 0, told.stderr
    assert current(tmp_path / "by-setting").name in told.stdout


def test_ctrl_c_stops_it_and_changes_nothing(data, served, tmp_path):
    artifacts, before = served
    slow = tmp_path / "slow.json"
    slow.write_text('{"max_rounds": 100000, "patience": 100000}')
    options = ("--data", data, "--out", artifacts, "--params", slow)
    process = start("build", *options)
    while not (artifacts / ".building" / "history").exists():
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.5)
    press_ctrl_c(process)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert output == "build: stopped; what was served is still served\n"
    assert snapshot(artifacts) == before
    assert not (artifacts / ".building").exists()


@pytest.mark.slow
def test_ten_real_months_forecast_november_2013(real_data, tmp_path):
    told = run(
        "build", "--data", real_data / "ten-months", "--out", tmp_path, "--quick"
    )
    assert told.returncode == 0, told.stderr
    facts = manifests.read(current(tmp_path))
    assert (facts.date_block_num, facts.month, facts.demo) == (10, "2013-11", False)
    assert facts.store.daily_rows == 1_027_580
    assert facts.store.pairs == 60 * 22_170
    assert "(the demo retailer)" not in told.stdout
    holdout = facts.training.holdout
    assert holdout.month == "2013-10"
    assert holdout.model.rmse < holdout.best_baseline.rmse
    with running_server(tmp_path) as server:
        client = client_of(tmp_path)
        answer = asked(client, pair(24, 6676))
        assert (answer["date_block_num"], answer["month"]) == (10, "2013-11")
        assert got(client, "/v1/model")["demo"] is False
        assert server.process.poll() is None


def test_quick_is_a_sample_with_fewer_trees(data, tmp_path):
    told = run("build", "--data", data, "--out", tmp_path, "--quick", "--force")
    assert told.returncode == 0, told.stderr
    parameters = manifests.read(current(tmp_path)).training.parameters
    assert parameters == QUICK.as_dict()
