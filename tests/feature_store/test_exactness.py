"""Every value of a feature vector is what the rules say.

Checked on ten months of real daily rows by a second opinion; on thirty-four months,
whose monthly totals are real and whose prices are not, by the published vectors; and
on a made-up retailer, whose training rows get a second opinion too.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from feature_store.definitions import FEATURES
from feature_store.gather import grid
from feature_store.offline import TrainingRows
from tests.feature_store import second_opinion
from tests.feature_store.second_opinion import NAMES, PAIR, RULES, assert_same
from tests.feature_store.stores import build_store


@pytest.fixture(scope="module")
def stored(ten_months):
    """Rows of the store of November 2013: the listed ones, and as many others."""
    rows = ten_months.rows
    others = rows[~rows["listed"]].sample(214_200, random_state=1)
    return pd.concat([rows[rows["listed"]], others], ignore_index=True)


@pytest.fixture(scope="module")
def expected(stored, ten_months_opinion):
    opinion = ten_months_opinion
    return second_opinion.vectors(opinion, 10, stored[PAIR], opinion.lists(stored))


def test_the_names_are_those_that_the_original_published(original_requests):
    assert list(FEATURES) == original_requests["feature_names"]


def test_every_value_of_every_test_pair(stored, expected, ten_months_opinion):
    opinion = ten_months_opinion
    tested = opinion.listed.sort_values(PAIR, ignore_index=True).astype("int32")
    assert len(tested) == 214_200
    assert stored.loc[stored["listed"], PAIR].equals(tested)
    assert list(expected) == NAMES
    assert_same(stored, expected)


def test_what_every_pair_rests_on(ten_months, ten_months_opinion):
    rows = ten_months.rows
    found = second_opinion.basis(ten_months_opinion, 10, rows[PAIR])
    assert (rows["basis"].to_numpy() == found).all()


def test_the_file_holds_every_pair_in_order_and_no_gap(ten_months):
    rows = ten_months.rows
    every = second_opinion.every(range(60), range(22_170))
    assert rows[PAIR].equals(every.astype("int32"))
    assert list(rows) == [*NAMES, "basis", "listed"]
    assert [str(kind) for kind in rows.dtypes[:44]] == 4 * ["int32"] + 40 * ["float32"]
    assert not rows.isna().to_numpy().any()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("item_id_avg_item_price_lag_3", {"fill": "mean"}),
        ("shop_id_avg_item_price_lag_1", {"fill": "zero"}),
        ("item_category_id_avg_item_price_lag_6", {"fill": "min"}),
        ("item_id_avg_item_cnt_day_lag_2", {"fill": "median"}),
        ("item_cnt_day_lag_6", {"fill": "mean"}),
        ("item_id_sum_item_cnt_day_lag_1", {"lag": 2}),
        ("shop_id_sum_item_cnt_day_lag_6", {"lag": 5}),
        ("item_cnt_day_lag_2", {"lag": 1}),
        ("item_id_avg_item_price_lag_1", {"statistic": "median"}),
        ("item_category_id_avg_item_cnt_day_lag_3", {"statistic": "median"}),
        ("shop_id_avg_item_cnt_day_lag_2", {"statistic": "max"}),
        ("item_cnt_day_lag_1", {"statistic": "count"}),
        ("shop_id_avg_item_price_lag_2", {"by": ("item_id",)}),
        ("item_id_avg_item_cnt_day_lag_6", {"measure": "item_price"}),
    ],
)
def test_a_changed_rule_is_caught_and_its_column_named(
    stored, expected, ten_months_opinion, name, change
):
    changed = {name: replace(RULES[name], **change)}
    wrong = second_opinion.vectors(
        ten_months_opinion, 10, expected[PAIR], stored["listed"], changed
    )
    with pytest.raises(AssertionError) as caught:
        assert_same(stored, expected.assign(**{name: wrong[name]}))
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{name}: ")


def test_one_wrong_value_in_a_column_is_caught(stored, expected):
    wrong = expected.astype("float64")
    for row, name in enumerate(NAMES, 100_000):
        wrong.loc[row, name] += 2e-5 * max(1.0, wrong.loc[row, name])
    found = second_opinion.differences(stored, wrong)
    assert [line.partition(", ")[0] for line in found] == [
        f"{n}: 1 rows" for n in NAMES
    ]


@pytest.fixture(scope="module")
def published(original_requests):
    vectors = [v for request in original_requests["requests"] for v in request["input"]]
    return pd.DataFrame(vectors, columns=original_requests["feature_names"])


@pytest.fixture(scope="module")
def ours(thirty_four_months, published):
    rows = thirty_four_months.rows.set_index(PAIR, drop=False)
    return rows.loc[list(published[PAIR].itertuples(index=False, name=None))]


@pytest.mark.parametrize(
    ("columns", "values"),
    [
        (NAMES[:4], 44),
        ([name for name in NAMES if "_sum_item_cnt_day_lag_" in name], 132),
        ([name for name in NAMES if name.startswith("item_cnt_day_lag_")], 44),
    ],
    ids=["leading values", "sums", "pair lags"],
)
def test_the_published_vectors_to_the_digit(ours, published, columns, values):
    assert published[columns].size == values
    assert (ours[columns].to_numpy() == published[columns].to_numpy()).all()


def test_published_zeros_of_missing_months(ours, published):
    means = [name for name in NAMES if "_avg_item_cnt_day_lag_" in name]
    gaps = published[means].to_numpy() == 0
    assert gaps.any()
    assert (ours[means].to_numpy()[gaps] == 0).all()


def test_the_grid(thirty_four_months):
    tables = thirty_four_months.tables
    rows = [len(grid(tables, month)) for month in range(34)]
    assert sum(rows) == 10_913_850
    assert rows[33] == 238_172


def test_what_the_pairs_rest_on(thirty_four_months):
    rows = thirty_four_months.rows
    every = rows["basis"].value_counts()
    listed = rows.loc[rows["listed"], "basis"].value_counts()
    kinds = ["pair", "item", "none"]
    assert every[kinds].tolist() == [80_398, 290_874, 958_928]
    assert listed[kinds].tolist() == [63_902, 123_605, 26_693]


def test_shop_5_in_october_2015(thirty_four_months):
    """The published sum; its mean needs the real daily rows."""
    tables = thirty_four_months.tables
    assert tables.entity("shop_id", 33)[5, 1] == 1052


def assert_store_is_training(built, month, folder):
    """A store of `month` whose pairs are its grid equals its training rows, exactly."""
    ids, pairs = built.tables.catalogue, grid(built.tables, month)
    listed = pd.DataFrame(
        {"shop_id": ids.shops[pairs.shops], "item_id": ids.items[pairs.items]}
    )
    file = folder / "grid.parquet"
    listed.sample(frac=1, random_state=1).to_parquet(file)  # in any order
    past = build_store(built.data, folder / "past", month, file, only_listed=True)
    rows, _ = built.training(month)
    assert past.rows["listed"].all()
    stored = past.rows[list(FEATURES)].to_numpy("float32")
    np.testing.assert_array_equal(stored, rows)


def test_a_store_of_month_33_holds_its_training_rows(thirty_four_months, tmp_path):
    assert_store_is_training(thirty_four_months, 33, tmp_path)


@pytest.fixture(scope="module")
def opinion(demo):
    return second_opinion.read(demo.data)


@pytest.mark.parametrize("month", [13, 14, 19, 24, 33])
def test_training_rows(demo, opinion, month):
    pairs = opinion.grid(month)
    rows, targets = demo.training(month)
    assert_same(rows, second_opinion.vectors(opinion, month, pairs))
    np.testing.assert_array_equal(targets, opinion.sold(month, pairs))


def test_training_starts_13_months_after_the_first(demo):
    assert TrainingRows(demo.tables).months() == tuple(range(13, 34))


def test_the_forecast_month(demo, opinion):
    rows = demo.rows
    expected = second_opinion.vectors(opinion, 34, rows[PAIR], opinion.lists(rows))
    assert_same(rows, expected)


@pytest.mark.parametrize("month", [9, 20])
def test_a_store_of_a_past_month_holds_its_training_rows(demo, month, tmp_path):
    assert_store_is_training(demo, month, tmp_path)


def test_a_past_month_knows_nothing_of_later_sales(demo, opinion, tmp_path):
    past = build_store(demo.data, tmp_path / "past", month=20)
    rows = past.rows
    before = opinion.daily[opinion.daily["date_block_num"] < 20]
    earlier = replace(opinion, daily=before)
    expected = second_opinion.vectors(earlier, 20, rows[PAIR], opinion.lists(rows))
    assert_same(rows, expected)
    assert past.tables.last_month == 19
