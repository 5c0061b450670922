"""Daily rows become monthly tables: means and sums by entity, and what pairs sold."""

import numpy as np
import pytest

from feature_store.aggregate import aggregate
from feature_store.definitions import MAX_ID
from feature_store.sales import open_sales
from tests.feature_store.retailer import retailer, write

SALES = [
    # month, shop, item, price, count
    (3, 2, 10, 100.0, 1),
    (3, 2, 10, 104.0, 3),
    (3, 2, 11, 50.0, -1),
    (3, 5, 10, 96.0, 4),
    (5, 5, 12, 8.0, 2),
    (5, 5, 12, 8.0, -2),
    (7, 9, 13, -1.0, 1),
]


@pytest.fixture(scope="module")
def monthly(tmp_path_factory):
    """Months 3 to 6: items 10 and 12 are of category 1, the others of 3."""
    folder = write(tmp_path_factory.mktemp("sales"), retailer(sales=SALES))
    with open_sales(folder) as sales:
        return aggregate(sales, 3, 7)


@pytest.mark.parametrize(
    ("entity", "month", "expected"),
    [
        ("item_id", 3, {0: (100, 8, 8 / 3), 1: (50, -1, -1)}),
        ("shop_id", 3, {0: (254 / 3, 3, 1), 1: (96, 4, 4)}),
        ("item_category_id", 3, {0: (100, 8, 8 / 3), 1: (50, -1, -1)}),
        ("item_id", 5, {2: (8, 0, 0)}),
        ("shop_id", 5, {1: (8, 0, 0)}),
        ("item_category_id", 5, {0: (8, 0, 0)}),
        ("item_id", 4, {}),
        ("shop_id", 6, {}),
    ],
)
def test_statistics_of_daily_rows(monthly, entity, month, expected):
    """Mean price, sum of counts, mean count, by position in the catalogue."""
    table = monthly.entity(entity, month)
    for position, values in expected.items():
        np.testing.assert_allclose(table[position], values)
    others = np.delete(table, list(expected), axis=0)
    assert np.isnan(others).all()


@pytest.mark.parametrize(
    ("month", "expected"),
    [(3, [(0, 0, 4), (0, 1, -1), (1, 0, 4)]), (4, []), (5, [(1, 2, 0)]), (6, [])],
)
def test_pairs_sum_their_counts(monthly, month, expected):
    """A pair whose sales and returns cancel has still a row."""
    assert list(zip(*monthly.pairs(month), strict=True)) == expected


@pytest.mark.parametrize("month", [-1, 2, 7, 99])
def test_nothing_is_known_outside_the_months(monthly, month):
    assert not monthly.has(month)
    assert [len(values) for values in monthly.pairs(month)] == [0, 0, 0]
    for entity in ("item_id", "shop_id", "item_category_id"):
        assert np.isnan(monthly.entity(entity, month)).all()


def test_the_month_to_forecast_and_later_ones_are_left_out(monthly):
    assert (monthly.first_month, monthly.last_month) == (3, 6)
    assert not np.isin(3, monthly.pair_items)


HUGE = [2**24 + 1, 0, 2**24, MAX_ID]
UNSORTED = retailer(
    shops=(7, MAX_ID, 2**24 + 1, 2**24),
    items=HUGE,
    categories=(900, 2**24 + 1, 2**24),
    sales=[
        (0, 2**24 + 1, 2**24 + 1, 10.0, 1),
        (0, 2**24, 2**24, 20.0, 2),
        (0, MAX_ID, MAX_ID, 30.0, 4),
        (0, 7, 0, 40.0, 8),
    ],
)


def test_ids_are_sparse_huge_and_unsorted(tmp_path):
    with open_sales(write(tmp_path, UNSORTED)) as sales:
        monthly = aggregate(sales, 0, 1)
    ids = monthly.catalogue
    assert ids.shops.tolist() == [7, 2**24, 2**24 + 1, MAX_ID]
    assert ids.items.tolist() == [0, 2**24, 2**24 + 1, MAX_ID]
    assert ids.categories.tolist() == [900, 2**24, 2**24 + 1]
    of_item = ids.categories[ids.item_category].tolist()
    assert of_item == [2**24 + 1, 2**24, 900, 900]
    assert monthly.entity("item_id", 0)[:, 0].tolist() == [40, 20, 10, 30]
    assert monthly.entity("shop_id", 0)[:, 1].tolist() == [8, 2, 1, 4]
    assert monthly.entity("item_category_id", 0)[:, 1].tolist() == [5, 2, 8]
    pairs = list(zip(*monthly.pairs(0), strict=True))
    assert pairs == [(0, 0, 8), (1, 1, 2), (2, 2, 1), (3, 3, 4)]
