"""Vectors are gathered from the right months, and gaps filled from the right rows."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_store.aggregate import aggregate
from feature_store.definitions import BASIS, FEATURES, LAG_FEATURES
from feature_store.gather import (
    Pairs,
    basis,
    cross,
    filled,
    fills,
    grid,
    keys,
    lag_tables,
    vectors,
)
from feature_store.offline import TrainingRows, every_pair, known_fill
from feature_store.sales import open_sales
from tests.feature_store import second_opinion
from tests.feature_store.retailer import retailer, write
from tests.feature_store.second_opinion import PAIR, assert_same

MONTH = 9  # its lags reach months 8, 7, 6 and 3


def tables_of(sales, **options):
    """The monthly tables of a retailer with these sales, months 0 to 8."""
    tables = retailer(sales=[(0, 2, 10, 1.0, 1), *sales], **options)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), tables)
        with open_sales(path) as opened:
            return aggregate(opened, 0, MONTH)


def pairs_of(tables, *ids):
    """Pairs by their ids."""
    shops, items = zip(*ids, strict=True)
    return Pairs(
        np.searchsorted(tables.catalogue.shops, shops).astype(np.int32),
        np.searchsorted(tables.catalogue.items, items).astype(np.int32),
    )


def gathered(tables, reference, *ids):
    """The vectors of the pairs with these ids, by name."""
    lags = lag_tables(tables, MONTH)
    fill = known_fill(fills(lags, reference))
    rows = vectors(filled(lags, fill), pairs_of(tables, *ids))
    return pd.DataFrame(rows, columns=FEATURES)


def test_each_lag_reads_its_own_month():
    sales = [(month, 2, 10, 100.0 + month, 1 + month) for month in range(9)]
    tables = tables_of(sales)
    row = gathered(tables, every_pair(tables.catalogue), (2, 10)).iloc[0]
    for lag, month in ((1, 8), (2, 7), (3, 6), (6, 3)):
        assert row[f"item_cnt_day_lag_{lag}"] == 1 + month
        for entity in ("item_id", "shop_id", "item_category_id"):
            assert row[f"{entity}_avg_item_price_lag_{lag}"] == 100 + month
            assert row[f"{entity}_sum_item_cnt_day_lag_{lag}"] == 1 + month
            assert row[f"{entity}_avg_item_cnt_day_lag_{lag}"] == 1 + month


@pytest.mark.parametrize(
    ("pair", "known"),
    [
        ((2, 10), True),
        ((2, 12), True),  # never together, but both had a row
        ((9, 10), False),  # the shop was closed
        ((2, 14), False),  # the item was not on sale; its category was
        ((9, 14), False),
    ],
)
def test_without_a_grid_row_all_ten_are_missing_together(pair, known):
    tables = tables_of([(8, 2, 10, 60.0, 3), (8, 5, 12, 20.0, 5)])
    row = gathered(tables, pairs_of(tables, (2, 10)), pair).iloc[0]
    lag_1 = row[[name for name in FEATURES if name.endswith("_lag_1")]].to_numpy()
    gaps = [60, 0, 0, 60, 0, 0, 40, 0, 0, 0]
    expected = {
        (2, 10): [60, 3, 3, 60, 3, 3, 40, 8, 4, 3],
        (2, 12): [20, 5, 5, 60, 3, 3, 40, 8, 4, 0],
    }
    assert lag_1.tolist() == (expected[pair] if known else gaps)


@pytest.mark.parametrize(
    ("listed", "median"),
    [
        ([10], 8),
        ([10, 11], 12),  # an even count: the mean of the two in the middle
        ([10, 11, 12], 16),
        ([10, 11, 12, 13], 20),
        ([13, 12], 28),
        ([10, 14, 13], 20),  # item 14 has no price and does not count
    ],
)
def test_a_missing_price_is_the_median_of_the_listed_rows(listed, median):
    prices = {10: 8.0, 11: 16.0, 12: 24.0, 13: 32.0}
    tables = tables_of([(8, 2, item, price, 1) for item, price in prices.items()])
    reference = pairs_of(tables, *((2, item) for item in listed))
    row = gathered(tables, reference, (9, 14)).iloc[0]
    assert row["item_id_avg_item_price_lag_1"] == median


def test_each_pair_counts_once_in_the_median():
    """Two shops list the dear item, one the cheap one."""
    tables = tables_of(
        [(8, 2, 10, 9.0, 1), (8, 2, 11, 5.0, 1), (8, 5, 12, 1.0, 1), (8, 5, 12, 1.0, 1)]
    )
    reference = pairs_of(tables, (2, 10), (5, 10), (2, 12))
    row = gathered(tables, reference, (9, 14)).iloc[0]
    assert row["item_id_avg_item_price_lag_1"] == 9
    assert row["shop_id_avg_item_price_lag_1"] == 7  # of 7, 1, 7


def test_unlisted_pairs_take_the_same_fills():
    tables = tables_of([(8, 2, 10, 9.0, 1), (8, 5, 11, 700.0, 1)])
    rows = gathered(tables, pairs_of(tables, (2, 10)), (9, 14), (9, 12), (2, 13))
    assert rows["item_id_avg_item_price_lag_1"].tolist() == [9, 9, 9]


def test_a_month_without_sales_is_filled_with_0():
    tables = tables_of([(7, 2, 10, 9.0, 1)])  # nothing in month 8
    found = fills(lag_tables(tables, MONTH), every_pair(tables.catalogue))
    unknown = [
        name for name, value in zip(LAG_FEATURES, found, strict=True) if np.isnan(value)
    ]
    assert unknown == [
        f"{entity}_avg_item_price_lag_{lag}"
        for lag in (1, 3, 6)
        for entity in ("item_id", "shop_id", "item_category_id")
    ]
    row = gathered(tables, every_pair(tables.catalogue), (2, 10)).iloc[0]
    assert (row[[name for name in FEATURES if name.endswith("_lag_1")]] == 0).all()


@pytest.mark.parametrize(
    ("pair", "found"),
    [((2, 10), "pair"), ((5, 10), "item"), ((2, 13), "none"), ((9, 10), "none")],
)
def test_what_a_pair_rests_on(pair, found):
    """Month 5 is no lag month: what sold only then, rests on nothing."""
    tables = tables_of([(8, 2, 10, 1.0, 1), (8, 5, 12, 1.0, 1), (5, 2, 13, 1.0, 1)])
    (code,) = basis(lag_tables(tables, MONTH), pairs_of(tables, pair))
    assert BASIS[code] == found


def test_a_pair_whose_sales_cancel_rests_on_itself():
    tables = tables_of([(8, 2, 10, 1.0, 2), (8, 2, 10, 1.0, -2)])
    (code,) = basis(lag_tables(tables, MONTH), pairs_of(tables, (2, 10)))
    assert BASIS[code] == "pair"


def test_the_grid_is_open_shops_by_items_on_sale():
    tables = tables_of([(8, 9, 13, 1.0, 1), (8, 2, 11, 1.0, 1)])
    pairs = grid(tables, 8)
    ids = tables.catalogue
    assert list(zip(ids.shops[pairs.shops], ids.items[pairs.items], strict=True)) == [
        *((2, 11), (2, 13), (9, 11), (9, 13)),
    ]
    assert len(grid(tables, 4)) == 0


@pytest.mark.parametrize("rows", [1, 7, 15, 100])
def test_blocks_do_not_change_vectors(small, rows):
    pairs = every_pair(small.tables.catalogue)
    blocks = list(pairs.blocks(rows))
    assert all(len(block) <= rows for block in blocks)
    gaps = filled(small.lags, small.fill)
    parts = [vectors(gaps, block) for block in blocks]
    whole = vectors(gaps, pairs)
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_cross_is_by_shop_then_item():
    pairs = cross(np.array([4, 7]), np.array([1, 0, 2]))
    assert pairs.shops.tolist() == [4, 4, 4, 7, 7, 7]
    assert pairs.items.tolist() == [1, 0, 2, 1, 0, 2]


@st.composite
def retailers(draw):
    """Up to three shops and five items; quiet months, closed shops, returns."""
    ids = st.sampled_from([0, 1, 5, 60, 2**24, 2**24 + 1, 2**31 - 1])
    shops = draw(st.lists(ids, min_size=1, max_size=3, unique=True))
    items = draw(st.lists(ids, min_size=2, max_size=5, unique=True))
    categories = draw(st.lists(ids, min_size=1, max_size=3, unique=True))
    row = st.tuples(
        st.integers(0, MONTH - 1),
        st.sampled_from(shops),
        st.sampled_from(items),
        st.integers(-4, 400).map(lambda quarters: quarters / 4),
        st.integers(-3, 30),
    )
    sales = draw(st.lists(row, min_size=1, max_size=40))
    pairs = second_opinion.every(shops, items)
    listed = draw(st.sets(st.sampled_from(range(len(pairs))), min_size=1))
    tables = retailer(shops, items, categories, sales=sales)
    listed_ids = pairs.iloc[sorted(listed)].astype(str)
    tables["test"] = [PAIR, *listed_ids.to_numpy().tolist()]
    return tables


def as_the_model_sees(frame):
    """Ids above 2^24 are rounded."""
    return frame.astype("float32")


@settings(max_examples=20, deadline=None)
@given(retailers(), st.integers(6, MONTH - 1))
def test_any_retailer_gets_the_second_opinion(tables, month):
    with tempfile.TemporaryDirectory() as folder:
        data = write(Path(folder), tables)
        opinion = second_opinion.read(data)
        with open_sales(data) as sales:
            monthly = aggregate(sales, 0, MONTH)
    assert_forecast(monthly, opinion)
    assert_training(monthly, opinion, month)


def assert_forecast(monthly, opinion):
    every, pairs = every_pair(monthly.catalogue), opinion.pairs
    listed = opinion.lists(pairs)
    reference = Pairs(every.shops[listed], every.items[listed])
    lags = lag_tables(monthly, MONTH)
    gaps = filled(lags, known_fill(fills(lags, reference)))
    rows = vectors(gaps, every)
    expected = second_opinion.vectors(opinion, MONTH, pairs, listed)
    assert_same(pd.DataFrame(rows, columns=FEATURES), as_the_model_sees(expected))
    stored = pd.DataFrame(keys(lags, every))
    assert stored.astype("int64").equals(expected[list(stored)])
    found = [BASIS[code] for code in basis(lags, every)]
    assert found == second_opinion.basis(opinion, MONTH, pairs).tolist()
    mixed = np.random.default_rng(1).permutation(len(every))
    assert (vectors(gaps, every.take(mixed)) == rows[mixed]).all()


def assert_training(monthly, opinion, month):
    pairs = opinion.grid(month)
    for block in TrainingRows(monthly).blocks([month]):
        rows = pd.DataFrame(block.vectors, columns=FEATURES)
        assert_same(
            rows, as_the_model_sees(second_opinion.vectors(opinion, month, pairs))
        )
        sold = opinion.sold(month, pairs)
        assert block.target.tolist() == sold.tolist()
        assert block.clipped.tolist() == sold.clip(0, 20).tolist()
