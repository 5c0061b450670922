"""The store's file is whole and in order; training rows are the right months'."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from feature_store.definitions import FEATURES, MAX_ID
from feature_store.gather import grid
from feature_store.offline import TrainingRows
from tests.feature_store import second_opinion
from tests.feature_store.retailer import retailer, write
from tests.feature_store.second_opinion import NAMES, PAIR, assert_same
from tests.feature_store.stores import build_store

HUGE = (2**24 + 1, 0, 2**24, MAX_ID, 7)


def built(folder, tables, **options):
    return build_store(write(folder / "data", tables), folder / "store", **options)


def test_the_schema(small):
    schema = pq.read_schema(small.features)
    assert schema.names == [*NAMES, "basis", "listed"]
    assert schema.types[:4] == [pa.int32()] * 4
    assert schema.types[4:44] == [pa.float32()] * 40
    assert schema.field("basis").type == pa.dictionary(pa.int8(), pa.string())
    assert schema.field("listed").type == pa.bool_()


def test_every_pair_is_there_once_in_order_without_gaps(small):
    rows = small.rows
    every = second_opinion.every((2, 5, 9), (10, 11, 12, 13, 14))
    assert rows[PAIR].equals(every.astype("int32"))
    assert not rows.isna().to_numpy().any()
    assert (rows["date_block_num"] == 10).all()


def test_listed_says_what_test_holds(small, tables):
    tested = {(int(shop), int(item)) for _, shop, item in tables["test"][1:]}
    rows = small.rows[small.rows["listed"]]
    assert set(rows[PAIR].itertuples(index=False, name=None)) == tested


def test_a_file_of_pairs_is_the_whole_store(tmp_path, tables):
    """And what the fills come from."""
    tables["test"] = [["item_id", "shop_id"], ["14", "9"], ["11", "5"], ["12", "2"]]
    store = built(tmp_path, tables, only_listed=True)
    opinion = second_opinion.read(store.data)
    pairs = opinion.listed.sort_values(PAIR, ignore_index=True)
    assert store.rows[PAIR].equals(pairs.astype("int32"))
    assert store.rows["listed"].all()
    assert_same(store.rows, second_opinion.vectors(opinion, 10, pairs))


def test_without_test_the_last_month_is_listed(tmp_path, tables):
    """The shops x the items of the last month, not of the forecast's past."""
    del tables["test"]
    tables["sales_train"] = [
        row for row in tables["sales_train"] if row[1:3] != ["9", "5"]
    ]
    store = built(tmp_path, tables)
    opinion = second_opinion.read(store.data)
    listed = store.rows.loc[store.rows["listed"], PAIR].reset_index(drop=True)
    assert listed.equals(opinion.grid(9).astype("int32"))
    assert 5 not in set(listed["shop_id"])
    expected = second_opinion.vectors(
        opinion, 10, store.rows[PAIR], store.rows["listed"]
    )
    assert_same(store.rows, expected)


@pytest.mark.parametrize("start", [1, 5, 240])
def test_months_may_start_anywhere(tmp_path, small, start):
    """The same sales, numbered from another month, give the same values."""
    tables = retailer()
    for row in tables["sales_train"][1:]:
        row[1] = str(int(row[1]) + start)
    store = built(tmp_path, tables)
    assert store.month == 10 + start
    shifted = small.rows.assign(date_block_num=small.rows["date_block_num"] + start)
    assert store.rows.equals(shifted)


def test_ids_that_float32_cannot_tell_apart_have_their_own_rows(tmp_path):
    tables = retailer(shops=HUGE[:4], items=HUGE, categories=(MAX_ID, 2**24, 2**24 + 1))
    store = built(tmp_path, tables)
    opinion = second_opinion.read(store.data)
    rows = store.rows
    assert rows[PAIR].equals(opinion.pairs.astype("int32"))
    expected = second_opinion.vectors(opinion, 10, opinion.pairs, opinion.lists(rows))
    assert_same(rows, expected)
    assert (rows[NAMES[:4]].to_numpy() == expected[NAMES[:4]].to_numpy()).all()
    price = rows.set_index(PAIR)["item_id_avg_item_price_lag_1"]
    assert price[2**24, 2**24] != price[2**24, 2**24 + 1]


def test_the_order_of_the_files_does_not_matter(tmp_path, small):
    turned = {t: [rows[0], *rows[:0:-1]] for t, rows in retailer().items()}
    assert built(tmp_path, turned).rows.equals(small.rows)


@pytest.mark.parametrize(
    ("months", "first"),
    [
        (range(9), 6),
        (range(19), 6),
        (range(20), 13),
        (range(4, 23), 10),
        (range(4, 24), 17),
        (range(34), 13),
    ],
)
def test_the_first_month_to_train_on(tmp_path, months, first):
    store = built(tmp_path, retailer(months=months))
    assert TrainingRows(store.tables).months() == tuple(range(first, months.stop))


def test_a_month_without_sales_is_not_trained_on(tmp_path):
    months = [month for month in range(12) if month not in {7, 11}]
    store = built(tmp_path, retailer(months=[*months, 12]))
    assert TrainingRows(store.tables).months() == (6, 8, 9, 10, 12)
    rows, _ = store.training(8)
    lag_1 = [name for name in FEATURES if name.endswith("_lag_1")]
    assert (rows[lag_1] == 0).to_numpy().all()
    assert list(TrainingRows(store.tables).blocks([7])) == []


def test_training_rows_are_the_months_grids_in_order(demo):
    blocks = list(TrainingRows(demo.tables).blocks([20, 13]))
    assert [block.month for block in blocks] == [20, 13]
    for block in blocks:
        expected = grid(demo.tables, block.month)
        assert (block.pairs.shops == expected.shops).all()
        assert (block.pairs.items == expected.items).all()
        assert block.vectors.shape == (len(expected), 44)
        assert block.vectors.dtype == np.float32


def test_a_target_is_as_sold_and_clipped_for_the_model(tmp_path):
    counts = {10: 99, 11: -3, 12: 20, 13: 5}
    sales = [(month, 2, 10, 9.0, 1) for month in range(8)]
    sales += [(8, 2, item, 9.0, count) for item, count in counts.items()]
    store = built(tmp_path, retailer(sales=sales))
    (block,) = TrainingRows(store.tables).blocks([8])
    assert block.target.tolist() == [99, -3, 20, 5]
    assert block.clipped.tolist() == [20, 0, 20, 5]


@pytest.mark.parametrize("seed", [0, 1])
def test_at_most_so_many_rows_are_an_even_share_of_the_same_rows(demo, seed):
    """With the fills of the whole grid, and the same rows each time."""
    all_rows = TrainingRows(demo.tables)
    total = sum(len(grid(demo.tables, month)) for month in all_rows.months())
    drawn = TrainingRows(demo.tables, total // 4, seed)
    items = len(demo.tables.catalogue.items)
    for month in (13, 20, 33):
        (whole,), (part,) = all_rows.blocks([month]), drawn.blocks([month])
        (again,) = drawn.blocks([month])
        np.testing.assert_array_equal(part.vectors, again.vectors)
        assert 0.22 < len(part.target) / len(whole.target) < 0.28
        at = np.searchsorted(
            whole.pairs.shops * items + whole.pairs.items,
            part.pairs.shops * items + part.pairs.items,
        )
        np.testing.assert_array_equal(part.vectors, whole.vectors[at])
        np.testing.assert_array_equal(part.target, whole.target[at])


def test_more_rows_than_there_are_change_nothing(demo):
    (whole,), (part,) = (
        TrainingRows(demo.tables, *most).blocks([20]) for most in ((), (10**9,))
    )
    np.testing.assert_array_equal(part.vectors, whole.vectors)
