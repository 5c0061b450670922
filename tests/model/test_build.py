"""The whole build: what it makes of sales, when it refuses, and that it rolls on."""

import shutil

import duckdb
import msgspec
import numpy as np
import pandas as pd
import pytest

from feature_store.definitions import FEATURES, LAG_FEATURES
from feature_store.errors import BuildError, InputError
from model.artifacts import Build, current, versions
from model.build import judge
from model.manifest import Holdout, Scores
from tests.model.tiny import (
    PARAMETERS,
    build_tiny,
    built_with,
    copied,
    keep_months,
    snapshot,
    trees_of,
    write_tiny,
)

BASELINES = ("zero", "constant", "last month", "mean of last 3", "original recipe")


@pytest.fixture(scope="module")
def made(tiny_artifacts):
    """A build of ten months, opened."""
    return Build.open(current(tiny_artifacts))


def features_of(folder):
    return pd.read_parquet(folder / "features.parquet")


def without_test(tiny_data, out, months=range(10)):
    keep_months(tiny_data, out, months)
    (out / "test.csv.gz").unlink()
    return out


def sales_of(data):
    return pd.read_csv(data / "sales_train.csv.gz")


def test_ten_months_forecast_the_eleventh(made):
    facts = made.manifest
    assert (facts.date_block_num, facts.month, facts.demo) == (10, "2013-11", True)
    assert (facts.store.first_month, facts.store.last_month) == ("2013-01", "2013-10")
    assert facts.store.features == list(FEATURES)
    assert (features_of(made.folder).date_block_num == 10).all()


def test_the_manifest_counts_what_was_built(made, tiny_data):
    store, rows = made.manifest.store, features_of(made.folder)
    assert store.daily_rows == len(sales_of(tiny_data))
    assert store.pairs == len(rows) == len(made.store) == 60 * 100
    assert store.listed == rows.listed.sum()
    assert store.listed_from == "test.csv.gz"
    assert store.basis == rows.basis.value_counts().to_dict()
    assert set(store.fills) == set(LAG_FEATURES)
    nothing = rows[rows.basis == "none"].iloc[0]
    for name, fill in store.fills.items():
        assert nothing[name] == np.float32(fill)


def test_the_model_is_refitted_with_every_month_and_held_out_before(made):
    facts = made.manifest.training
    assert facts.first_month == "2013-07"
    assert facts.parameters == PARAMETERS.as_dict()
    assert len(made.booster.get_dump()) == facts.rounds
    assert list(facts.choosing) == ["2013-09"]
    holdout = facts.holdout
    assert (holdout.date_block_num, holdout.month) == (9, "2013-10")
    assert holdout.row_set == "full grid"
    assert tuple(scores.name for scores in holdout.baselines) == BASELINES


def test_the_holdout_is_the_last_months_grid(made, tiny_data):
    sales = sales_of(tiny_data)
    last = sales[sales.date_block_num == 9]
    grid = last.shop_id.nunique() * last.item_id.nunique()
    holdout = made.manifest.training.holdout
    assert holdout.rows == grid
    sold = last.groupby(["shop_id", "item_id"]).item_cnt_day.sum().clip(0, 20)
    zero = holdout.baselines[0]
    assert zero.rmse == pytest.approx(np.sqrt((sold**2).sum() / grid))
    assert zero.mae == pytest.approx(sold.sum() / grid)


def test_the_constant_is_the_mean_of_the_months_before_the_last(made, tiny_data):
    sales = sales_of(tiny_data)
    total = rows = 0
    for month in (6, 7, 8):
        in_month = sales[sales.date_block_num == month]
        pairs = in_month.groupby(["shop_id", "item_id"]).item_cnt_day.sum()
        total += pairs.clip(0, 20).sum()
        rows += in_month.shop_id.nunique() * in_month.item_id.nunique()
    holdout = made.manifest.training.holdout
    bias = total / rows - holdout.baselines[0].mae
    assert holdout.baselines[1].bias == pytest.approx(bias, abs=1e-6)


def test_a_month_is_forecast_from_those_before_it_alone(tiny_data, tmp_path):
    keep_months(tiny_data, tmp_path / "nine", range(9))
    month, folder = build_tiny(tiny_data, tmp_path / "month", month=9)
    _, expected = build_tiny(tmp_path / "nine", tmp_path / "expected")
    assert (month.date_block_num, month.month) == (9, "2013-10")
    pd.testing.assert_frame_equal(features_of(folder), features_of(expected))
    assert trees_of(folder) == trees_of(expected)


@pytest.mark.parametrize("month", [-1, 0, 8, 11, 34])
def test_a_month_that_the_data_do_not_allow_is_refused(tiny_data, tmp_path, month):
    with pytest.raises(InputError) as raised:
        build_tiny(tiny_data, tmp_path / "out", month=month)
    assert str(raised.value) == (
        f"--month {month}: {tiny_data / 'sales_train.csv.gz'} allows 9 (2013-10) to"
        " 10 (2013-11)"
    )


def test_nine_months_are_enough_and_eight_are_not(tiny_data, tmp_path):
    keep_months(tiny_data, tmp_path / "nine", range(9))
    manifest, _ = build_tiny(tmp_path / "nine", tmp_path / "out")
    assert (manifest.date_block_num, manifest.month) == (9, "2013-10")
    before = snapshot(tmp_path / "out")
    keep_months(tiny_data, tmp_path / "eight", range(8))
    with pytest.raises(InputError) as raised:
        build_tiny(tmp_path / "eight", tmp_path / "out")
    assert "8 months of sales (2013-01 to 2013-08)" in str(raised.value)
    assert "expected at least 9" in str(raised.value)
    assert snapshot(tmp_path / "out") == before


def test_months_may_start_anywhere(tiny_data, tmp_path):
    manifest, folder = build_tiny(
        write_tiny(tmp_path / "data", range(20, 30)), tmp_path / "out"
    )
    assert (manifest.date_block_num, manifest.month) == (30, "2015-07")
    assert manifest.store.first_month == "2014-09"
    assert Build.open(folder).calendar.name(29) == "2015-06"


def test_a_month_without_sales_is_a_warning(tiny_data, tmp_path):
    keep_months(tiny_data, tmp_path / "data", {*range(10)} - {4})
    manifest, _ = build_tiny(tmp_path / "data", tmp_path / "out")
    warnings = "\n".join(manifest.warnings)
    assert "months without sales: 2013-05" in warnings
    assert "item_id_avg_item_price_lag_6: no listed pair has it" in warnings
    assert manifest.store.fills["item_id_avg_item_price_lag_6"] == 0


def test_too_few_months_to_train_on_are_refused(tiny_data, tmp_path):
    keep_months(tiny_data, tmp_path / "data", {*range(10)} - {6, 8})
    with pytest.raises(InputError) as raised:
        build_tiny(tmp_path / "data", tmp_path / "out")
    assert "sales in only 2 of the months that can be trained on" in str(raised.value)


def test_without_a_test_file_the_last_months_shops_and_items_are_listed(
    tiny_data, tmp_path
):
    data = without_test(tiny_data, tmp_path / "data")
    manifest, folder = build_tiny(data, tmp_path / "out")
    sales = sales_of(data)
    last = sales[sales.date_block_num == 9]
    rows = features_of(folder)
    listed = rows[rows.listed]
    assert manifest.store.listed_from == "shops and items of the last month"
    assert set(listed.shop_id) == set(last.shop_id)
    assert set(listed.item_id) == set(last.item_id)
    assert len(listed) == last.shop_id.nunique() * last.item_id.nunique()


def test_only_the_pairs_of_test_are_stored_where_that_is_asked_for(
    tiny_data, tmp_path, made
):
    manifest, folder = build_tiny(tiny_data, tmp_path, pairs="test")
    rows, every = features_of(folder), features_of(made.folder)
    test = pd.read_csv(tiny_data / "test.csv.gz")
    assert manifest.store.pairs == manifest.store.listed == len(test)
    expected = every[every.listed].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, expected)


def test_the_pairs_of_a_file_are_stored_and_filled_from(tiny_data, tmp_path):
    pairs = tmp_path / "mine.csv"
    pairs.write_text("item_id,shop_id\n7,24\n3,24\n7,5\n")
    manifest, folder = build_tiny(tiny_data, tmp_path / "out", pairs=str(pairs))
    rows = features_of(folder)
    found = list(zip(rows.shop_id, rows.item_id, strict=True))
    assert found == [(5, 7), (24, 3), (24, 7)]
    assert rows.listed.all()
    assert manifest.store.listed_from == "mine.csv"
    assert "test" in manifest.inputs


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shop_id,item_id\n24,100000\n", "row 1, column item_id: 100000, expected"),
        ("shop_id,item_id\n24,1\n24,1\n", "24, 1 again, expected once"),
        ("shop_id\n24\n", "no column item_id"),
        ("shop_id,item_id\n", "no rows"),
        ("shop_id,item_id\nx,1\n", "row 1, column shop_id: 'x', expected"),
    ],
)
def test_a_file_of_pairs_that_is_wrong_is_named(tiny_data, tmp_path, text, words):
    pairs = tmp_path / "mine.csv"
    pairs.write_text(text)
    with pytest.raises(InputError) as raised:
        build_tiny(tiny_data, tmp_path / "out", pairs=str(pairs))
    assert str(pairs) in str(raised.value)
    assert words in str(raised.value)


def test_pairs_that_are_not_there_are_refused(tiny_data, tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        build_tiny(tiny_data, tmp_path / "out", pairs=str(tmp_path / "none.csv"))
    data = without_test(tiny_data, tmp_path / "data")
    with pytest.raises(InputError, match=r"--pairs test: .* holds no test file"):
        build_tiny(data, tmp_path / "out", pairs="test")


def test_it_rolls_forward_when_the_next_months_sales_arrive(tmp_path):
    write_tiny(tmp_path / "all", range(34), items=300)
    data, out = tmp_path / "data", tmp_path / "out"
    keep_months(tmp_path / "all", data, range(33))
    first, _ = build_tiny(data, out)
    assert (first.date_block_num, first.month) == (33, "2015-10")
    assert first.training.first_month == "2014-02"
    keep_months(tmp_path / "all", data, range(34))
    second, folder = build_tiny(data, out)
    assert (second.date_block_num, second.month) == (34, "2015-11")
    assert second.training.holdout.month == "2015-10"
    assert second.store.daily_rows > first.store.daily_rows
    assert current(out) == folder
    assert versions(out) == [second.version, first.version]


def test_data_that_are_not_the_demo_are_not_called_so(tiny_data, tmp_path):
    shutil.copytree(tiny_data, tmp_path / "data")
    (tmp_path / "data" / "demo.json").unlink()
    manifest, _ = build_tiny(tmp_path / "data", tmp_path / "out")
    assert manifest.demo is False


def test_one_build_replaces_another_and_keeps_it(tiny_data, tmp_path):
    made = [build_tiny(tiny_data, tmp_path, keep=2)[0].version for _ in range(3)]
    assert len(set(made)) == 3
    assert versions(tmp_path) == made[:0:-1]
    assert current(tmp_path).name == made[-1]


def test_a_model_worse_than_none_is_refused_and_nothing_changes(
    tiny_data, tiny_artifacts, tmp_path, monkeypatch
):
    out, _ = copied(tiny_artifacts, tmp_path / "out")
    before = snapshot(out)
    monkeypatch.setattr(
        "model.training.predict", lambda _, rows, *__: rows[:, 0] * 0 + 9
    )
    with pytest.raises(BuildError) as raised:
        build_tiny(tiny_data, out)
    assert str(raised.value).startswith("the model's error on 2013-10 is ")
    assert str(raised.value).endswith(": not served (--force serves it)")
    assert snapshot(out) == before
    manifest, _ = build_tiny(tiny_data, out, force=True)
    assert "does not beat" in manifest.warnings[-1]


def test_a_bad_model_is_served_by_force_with_a_warning(tiny_data, tmp_path):
    manifest, _ = built_with(50.0, tiny_data, tmp_path)
    assert manifest.training.holdout.model.rmse > 15
    assert "does not beat" in manifest.warnings[-1]


@pytest.mark.parametrize(
    ("place", "trouble"),
    [
        ("model.build.aggregate", duckdb.Error("Out of Memory Error: no\nmore")),
        ("model.build.write_catalogue", OSError(28, "No space left on device")),
        (
            "feature_store.offline.write_features",
            OSError(28, "No space left on device"),
        ),
        ("model.build.decode", KeyboardInterrupt()),
        ("model.training.choose_rounds", MemoryError()),
        ("model.training.fit", KeyboardInterrupt()),
        ("model.pickled.save", OSError(28, "No space left on device")),
        ("model.artifacts.Build.open", BuildError("no")),
        ("model.artifacts.publish", OSError(28, "No space left on device")),
    ],
)
def test_a_build_that_fails_anywhere_changes_nothing_that_is_served(
    tiny_data, tiny_artifacts, tmp_path, monkeypatch, place, trouble
):
    out, _ = copied(tiny_artifacts, tmp_path / "out")
    before, names = snapshot(out), sorted(path.name for path in out.iterdir())

    def fail(*_, **__):
        raise trouble

    monkeypatch.setattr(place, fail)
    expected = BuildError if isinstance(trouble, duckdb.Error) else type(trouble)
    with pytest.raises(expected):
        build_tiny(tiny_data, out)
    assert snapshot(out) == before
    assert sorted(path.name for path in out.iterdir()) == names
    monkeypatch.undo()
    assert build_tiny(tiny_data, out)[1] == current(out)


def test_duckdbs_trouble_is_told_in_one_line(tiny_data, tmp_path, monkeypatch):
    def fail(*_):
        raise duckdb.Error("Out of Memory Error: no\nmore")

    monkeypatch.setattr("model.build.aggregate", fail)
    with pytest.raises(BuildError) as raised:
        build_tiny(tiny_data, tmp_path)
    assert str(raised.value) == "DuckDB: Out of Memory Error: no"


def test_parameters_that_cannot_be_used_are_refused_before_anything_is_read(tmp_path):
    parameters = msgspec.structs.replace(PARAMETERS, booster={"max_dept": 8})
    with pytest.raises(InputError) as raised:
        build_tiny(tmp_path / "no data", tmp_path / "out", parameters=parameters)
    assert str(raised.value).startswith("booster: max_dept is 8: ")
    assert not (tmp_path / "out").exists()


def test_what_xgboost_refuses_later_is_told_in_one_line(
    tiny_data, tmp_path, monkeypatch
):
    monkeypatch.setattr("model.build.try_out", lambda _: None)
    booster = PARAMETERS.booster | {"eta": "x"}
    parameters = msgspec.structs.replace(PARAMETERS, booster=booster)
    with pytest.raises(BuildError) as raised:
        build_tiny(tiny_data, tmp_path / "out", parameters=parameters)
    assert str(raised.value) == (
        "XGBoost: Invalid Parameter format for learning_rate expect float but value='x'"
    )


def holdout_of(**rmse):
    model, *others = (
        Scores(name.replace("_", " "), rmse=value, mae=0, bias=0)
        for name, value in rmse.items()
    )
    return Holdout(
        date_block_num=33,
        month="2015-10",
        rows=100,
        row_set="full grid",
        model=model,
        baselines=others,
        listed=None,
        intervals=[],
    )


@pytest.mark.parametrize(
    "rmse",
    [
        {"model": 1.02, "zero": 1.0, "constant": 1.2, "last_month": 2.0},
        {"model": 1.02, "zero": 1.2, "constant": 1.0, "last_month": 2.0},
        {"model": float("nan"), "zero": 1.2, "constant": 1.0, "last_month": 2.0},
    ],
)
def test_a_model_more_than_1_percent_worse_than_none_is_refused(rmse):
    with pytest.raises(BuildError) as raised:
        judge(holdout_of(**rmse), force=False)
    assert str(raised.value) == (
        f"the model's error on 2015-10 is {rmse['model']:.4f},"
        f" {'zero' if rmse['zero'] == 1 else 'constant'} has 1.0000:"
        " not served (--force serves it)"
    )
    assert len(judge(holdout_of(**rmse), force=True)) == 1


@pytest.mark.parametrize(
    ("rmse", "better"),
    [
        ({"model": 1.005, "zero": 1.0, "constant": 1.2, "last_month": 2.0}, "zero"),
        ({"model": 1.0, "zero": 1.0, "constant": 1.2, "last_month": 2.0}, "zero"),
        ({"model": 0.9, "zero": 1, "constant": 1, "last_month": 0.4}, "last month"),
    ],
)
def test_a_model_that_a_baseline_beats_is_served_with_a_warning(rmse, better):
    (warning,) = judge(holdout_of(**rmse), force=False)
    assert warning == (
        f"on 2015-10 the model ({rmse['model']:.4f} RMSE) does not beat"
        f" {better} ({rmse[better.replace(' ', '_')]:.4f})"
    )


def test_a_model_that_beats_all_is_served_without_a_word():
    best = holdout_of(model=0.9, zero=1.0, constant=1.0, last_month=1.1)
    assert judge(best, force=False) == []
