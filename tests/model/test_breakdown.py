"""The held out month's errors by parts, beside pandas on the daily rows."""

import numpy as np
import pandas as pd
import pytest

from feature_store.definitions import BASIS
from feature_store.gather import Pairs
from feature_store.offline import read_listed
from feature_store.progress import steps
from feature_store.sales import open_sales
from model import breakdown, training
from model.intervals import Intervals
from tests.model.tiny import PARAMETERS, tables_of

MONTHS = (6, 7, 8, 9)


@pytest.fixture(scope="module")
def tables(tiny_data):
    return tables_of(tiny_data)


@pytest.fixture(scope="module")
def held_out(tables):
    binned = training.Binned(tables, PARAMETERS)
    with steps() as shown:
        return training.hold_out(binned, MONTHS, 3, shown)


@pytest.fixture(scope="module")
def last(tables, held_out):
    return training.forecast(held_out, tables, 3)


@pytest.fixture(scope="module")
def rows(tiny_data, last):
    """The grid of the last month as a data frame, in its order, with its forecast."""
    sales = pd.read_csv(tiny_data / "sales_train.csv.gz")
    items = pd.read_csv(tiny_data / "items.csv").set_index("item_id")
    month = sales[sales.date_block_num == 9]
    grid = pd.MultiIndex.from_product(
        [sorted(month.shop_id.unique()), sorted(month.item_id.unique())],
        names=["shop_id", "item_id"],
    )
    frame = pd.DataFrame(index=grid).reset_index()
    frame["category"] = items.loc[frame.item_id].item_category_id.to_numpy()
    frame["predicted"], frame["actual"] = last.predicted, last.actual
    return frame


def assert_part(part, rows):
    error = rows.predicted.astype(float) - rows.actual
    assert part.rows == len(rows)
    assert part.rmse == pytest.approx(np.sqrt((error**2).mean()))
    assert part.mae == pytest.approx(error.abs().mean())
    assert part.bias == pytest.approx(error.mean(), abs=1e-9)
    assert part.predicted == pytest.approx(rows.predicted.mean(), rel=1e-5)
    assert part.actual == pytest.approx(rows.actual.mean(), rel=1e-5)


def test_by_basis_each_row_counts_once(tables, last, rows, tiny_data):
    sales = pd.read_csv(tiny_data / "sales_train.csv.gz")
    recent = sales[sales.date_block_num.isin([8, 7, 6, 3])]
    sold = set(zip(recent.shop_id, recent.item_id, strict=True))
    found = {part.name: part for part in breakdown.by_basis(tables, last)}
    assert set(found) <= set(BASIS)
    assert sum(part.rows for part in found.values()) == len(rows)
    pairs = zip(rows.shop_id, rows.item_id, strict=True)
    assert_part(found["pair"], rows[[pair in sold for pair in pairs]])


def test_by_category_the_worst_come_first(tables, last, rows):
    names = {i: f"category {i}" for i in range(100)}
    found = breakdown.by_category(tables, last, names)
    assert sum(part.rows for part in found) == len(rows)
    for part in found:
        assert part.name == f"category {part.item_category_id}"
        assert_part(part, rows[rows.category == part.item_category_id])
    squares = [part.rows * part.rmse**2 for part in found]
    assert squares == sorted(squares, reverse=True)


def test_by_price_the_latest_mean_price_of_the_item_counts(
    tables, last, rows, tiny_data
):
    sales = pd.read_csv(tiny_data / "sales_train.csv.gz")
    means = sales.groupby(["date_block_num", "item_id"]).item_price.mean()
    price = pd.Series(np.nan, rows.item_id.unique())
    for month in (8, 7, 6, 3):
        price = price.fillna(means.loc[month])
    of_row = price.loc[rows.item_id].to_numpy()
    found = breakdown.by_price(tables, last)
    assert sum(part.rows for part in found) == len(rows)
    assert len(found) > 3
    for part in found:
        if part.name == "no price":
            expected = np.isnan(of_row)
        elif part.name.startswith("under "):
            expected = of_row < number(part.name.split()[1])
        elif part.name.endswith(" or more"):
            expected = of_row >= number(part.name.split()[0])
        else:
            low, high = map(number, part.name.split(" to "))
            expected = (of_row >= low) & (of_row < high)
        assert_part(part, rows[expected])


def number(text):
    return float(text.replace(",", ""))


def test_deciles_are_tenths_by_prediction(last, rows):
    found = breakdown.by_decile(last)
    assert [part.name for part in found] == [str(i) for i in range(1, 11)]
    means = [part.predicted for part in found]
    assert means == sorted(means)
    assert_part(found[-1], rows.sort_values("predicted", kind="stable")[-141:])


def test_listed_pairs_and_the_others_are_scored_on_sale_or_not(
    tables, held_out, tiny_data
):
    with open_sales(tiny_data) as sales:
        listed = read_listed(sales, tables).pairs

    def half(vectors):
        assert (vectors[:, 2] == 9).all()
        return np.full(len(vectors), 0.5, np.float32)

    sold = pd.read_csv(tiny_data / "sales_train.csv.gz").query("date_block_num == 9")
    units = sold.groupby(["shop_id", "item_id"]).item_cnt_day.sum().clip(0, 20)
    test = pd.read_csv(tiny_data / "test.csv.gz")
    wanted = pd.MultiIndex.from_frame(test[["shop_id", "item_id"]])
    on_list, off_list = breakdown.everywhere(tables, 9, listed, half, 10**9)
    assert (on_list.name, on_list.rows) == ("listed", len(test))
    assert on_list.actual == pytest.approx(units.reindex(wanted).fillna(0).mean())
    assert on_list.mae == pytest.approx(
        (units.reindex(wanted).fillna(0) - 0.5).abs().mean()
    )
    assert (off_list.name, off_list.rows) == ("not listed", 60 * 100 - len(test))
    total = on_list.actual * on_list.rows + off_list.actual * off_list.rows
    assert total == pytest.approx(units.sum())


def test_of_many_pairs_that_are_not_listed_some_are_drawn(tables):
    one = Pairs(np.array([3], np.int32), np.array([4], np.int32))

    def nothing(vectors):
        return vectors[:, 0] * 0

    on_list, some = breakdown.everywhere(tables, 9, one, nothing, 1000)
    assert on_list.rows == 1
    assert 850 < some.rows < 1150
    none = Pairs(np.empty(0, np.int32), np.empty(0, np.int32))
    (every,) = breakdown.everywhere(tables, 9, none, nothing, 10**9)
    assert (every.name, every.rows) == ("not listed", 6000)


def test_coverage_counts_what_lies_outside_and_its_loss():
    def floats(values):
        return np.array(values, np.float32)

    found = breakdown.coverage(
        "all", floats([1, 1, 1, 0]), floats([2, 2, 2, 0]), floats([0, 1, 2, 5])
    )
    assert (found.name, found.rows) == ("all", 4)
    assert (found.covered, found.below, found.above) == (0.5, 0.25, 0.25)
    assert (found.lower, found.upper) == (0.75, 1.5)
    assert found.lower_loss == pytest.approx((0.9 + 0 + 0.1 + 0.5) / 4)
    assert found.upper_loss == pytest.approx((0.2 + 0.1 + 0 + 4.5) / 4)


def test_intervals_are_judged_on_all_rows_on_large_predictions_and_by_decile(last):
    table = np.array([[0, 0, 1], [0.5, 0, 20]], np.float32)
    every, large = breakdown.coverages(Intervals(table), last)
    assert (every.name, every.rows) == ("all", len(last.actual))
    assert (large.name, large.covered) == ("predicted at 0.5 or more", 1)
    assert large.rows == (last.predicted >= 0.5).sum()
    found = breakdown.coverage_by_decile(Intervals(table), last)
    assert sum(one.rows for one in found) == every.rows
    share = sum(one.covered * one.rows for one in found) / every.rows
    assert share == pytest.approx(every.covered)
