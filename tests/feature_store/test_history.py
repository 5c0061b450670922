"""What a pair sold in every month, against the daily rows; and the names of things."""

import numpy as np
import pytest

from feature_store.catalogue import Catalogue, Item, write_catalogue
from feature_store.errors import ArtifactError
from feature_store.history import History
from feature_store.sales import open_sales
from tests.feature_store import second_opinion
from tests.feature_store.retailer import put, retailer, write
from tests.feature_store.second_opinion import PAIR
from tests.feature_store.stores import build_store


def assert_history(built, pairs):
    """Each pair's history is the sum of its daily rows, month by month."""
    opinion, history = second_opinion.read(built.data), built.history()
    months = range(history.first_month, history.last_month + 1)
    expected = np.column_stack([opinion.sold(month, pairs) for month in months])
    found = [history.pair(*pair) for pair in pairs.itertuples(index=False, name=None)]
    np.testing.assert_array_equal(np.stack(found), expected)


def test_every_pair_of_a_small_retailer(small):
    assert_history(small, second_opinion.read(small.data).pairs)


def test_pairs_of_the_demo(demo):
    assert_history(demo, demo.rows[PAIR].sample(2000, random_state=1))


def test_pairs_of_the_real_sales(ten_months):
    assert_history(ten_months, ten_months.rows[PAIR].sample(2000, random_state=1))


def test_huge_ids_keep_their_own_history(tmp_path):
    ids = (2**24 + 1, 2**31 - 1, 2**24, 0)
    data = write(tmp_path / "data", retailer(shops=ids, items=ids))
    assert_history(
        build_store(data, tmp_path / "store"), second_opinion.read(data).pairs
    )


def test_it_spans_the_months_before_the_forecast(demo, tmp_path):
    assert (demo.history().first_month, demo.history().last_month) == (0, 33)
    past = build_store(demo.data, tmp_path / "past", month=20).history()
    assert (past.first_month, past.last_month) == (0, 19)
    assert len(past.pair(2, 10)) == 20


@pytest.mark.parametrize("pair", [(2, 14), (99, 10), (2, 99), (0, 0), (2**31 - 1, 1)])
def test_a_pair_that_never_sold_has_zeros(small, pair):
    assert small.history().pair(*pair).tolist() == [0] * 10


def test_units_are_float32(small):
    assert small.history().pair(2, 10).dtype == np.float32


def test_a_missing_array_is_named(tmp_path):
    (tmp_path / "months.json").write_text('{"first_month": 0, "last_month": 9}')
    with pytest.raises(ArtifactError, match=r"keys\.npy: not an array"):
        History.open(tmp_path)


def test_the_catalogue_knows_names_by_id_in_the_order_of_ids(tmp_path):
    tables = retailer(shops=(9, 2), items=(12, 10, 11), categories=(3, 1))
    put(tables, "items", 2, "item_name", 'Ящик "большой", 5 шт.')
    with open_sales(write(tmp_path / "data", tables)) as sales:
        write_catalogue(sales, tmp_path / "catalogue")
    catalogue = Catalogue.open(tmp_path / "catalogue")
    assert list(catalogue.shops.items()) == [(2, "shop 2"), (9, "shop 9")]
    assert list(catalogue.items.items()) == [
        (10, Item('Ящик "большой", 5 шт.', 1)),
        (11, Item("item 11", 3)),
        (12, Item("item 12", 3)),
    ]
    assert catalogue.categories == {1: "category 1", 3: "category 3"}
