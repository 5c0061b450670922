"""Two ids in, the vector of the store's file out, one pair or many."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from feature_store.arrays import load_array
from feature_store.definitions import BASIS, FEATURES, MAX_ID
from feature_store.errors import ArtifactError, UnknownEntity, UnknownPair
from feature_store.lookup import STATUSES, Store, decode
from tests.feature_store.retailer import retailer, write
from tests.feature_store.second_opinion import PAIR
from tests.feature_store.stores import build_store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def store(small):
    return small.lookup()


@pytest.fixture(scope="module", params=["small", "demo", "huge ids", "few pairs"])
def any_store(request, tmp_path_factory):
    """A store of each kind."""
    folder = tmp_path_factory.mktemp("any")
    if request.param in {"small", "demo"}:
        return request.getfixturevalue(request.param)
    tables = retailer()
    if request.param == "huge ids":
        tables = retailer((2**24 + 1, MAX_ID, 2**24), (MAX_ID, 2**24, 3, 2**24 + 1, 0))
    data = write(folder / "data", tables)
    few = request.param == "few pairs"
    return build_store(data, folder / "store", only_listed=few)


class TestAgainstTheFile:
    """Whatever the file says of a pair, the lookup says."""

    def test_each_pair_by_itself(self, any_store):
        store, rows = any_store.lookup(), any_store.rows
        some = rows.sample(min(len(rows), 500), random_state=1)
        for row in some.itertuples():
            at = store.position(row.shop_id, row.item_id)
            expected = np.array(row[1:45], np.float32)
            np.testing.assert_array_equal(store.vector(at), expected)
            assert store.basis(at) == row.basis
            assert store.listed(at) == row.listed

    def test_all_pairs_at_once_in_any_order(self, any_store):
        store = any_store.lookup()
        rows = any_store.rows.sample(frac=1, random_state=1)
        at, status = store.positions(
            *(rows[key].to_numpy().astype(np.int64) for key in PAIR)
        )
        vectors = store.vectors(at)
        expected = rows[list(FEATURES)].to_numpy(np.float32)
        np.testing.assert_array_equal(vectors, expected)
        assert [STATUSES[code] for code in status] == rows["basis"].tolist()
        assert store.listed_many(at).tolist() == rows["listed"].tolist()

    @pytest.mark.parametrize("size", [7, 1 << 16])
    def test_blocks_give_every_pair_once_in_the_files_order(self, any_store, size):
        store, rows = any_store.lookup(), any_store.rows
        blocks = list(store.blocks(size))
        assert all(len(block) <= size for block in blocks)
        vectors = store.vectors(np.concatenate(blocks))
        np.testing.assert_array_equal(vectors, rows[list(FEATURES)].to_numpy("float32"))
        assert len(store) == len(rows)

    def test_ids_and_month(self, any_store):
        store, rows = any_store.lookup(), any_store.rows
        assert store.shops.tolist() == sorted(set(rows["shop_id"]))
        assert store.items.tolist() == sorted(set(rows["item_id"]))
        assert {store.date_block_num} == set(rows["date_block_num"])


def test_a_vector_is_44_float32_of_its_own(store):
    at = store.position(2, 10)
    vector = store.vector(at)
    assert (vector.shape, vector.dtype) == ((44,), np.float32)
    vector[:] = -1
    assert (store.vector(at) >= 0).all()


def test_a_vector_with_its_names(store):
    named = store.named(store.position(5, 12))
    assert list(named) == list(FEATURES)
    assert (named["shop_id"], named["item_id"]) == (5, 12)
    assert all(type(value) is float for value in named.values())


@pytest.mark.parametrize(
    ("shop", "item", "unknown"),
    [
        (3, 10, [("shop_id", 3)]),
        (2, 99, [("item_id", 99)]),
        (3, 99, [("shop_id", 3), ("item_id", 99)]),
        (10, 2, [("shop_id", 10), ("item_id", 2)]),
        (-1, 10, [("shop_id", -1)]),
        (2, MAX_ID, [("item_id", MAX_ID)]),
    ],
)
def test_an_unknown_pair_is_refused_by_name(store, shop, item, unknown):
    with pytest.raises(UnknownEntity) as caught:
        store.position(shop, item)
    assert caught.value.unknown == tuple(unknown)
    named = " and ".join(f"{field} {value}" for field, value in unknown)
    assert str(caught.value) == f"{named}: not in the catalogue"


@pytest.mark.parametrize(
    ("shop", "item", "status"),
    [
        (3, 10, "unknown_shop"),
        (2, 99, "unknown_item"),
        (3, 99, "unknown_shop"),
        (MAX_ID, 10, "unknown_shop"),
        (0, 10, "unknown_shop"),
        (-1, 10, "unknown_shop"),
        (2, 2**40, "unknown_item"),
        (2, 2**32 + 10, "unknown_item"),
    ],
)
def test_unknown_pairs_among_known_ones(store, shop, item, status):
    shops, items = np.array([2, shop, 9]), np.array([10, item, 14])
    at, found = store.positions(shops, items)
    assert STATUSES[found[1]] == status
    assert at[1] == 0
    assert {STATUSES[found[0]], STATUSES[found[2]]} <= set(BASIS)
    expected = [store.position(2, 10), store.position(9, 14)]
    assert at[[0, 2]].tolist() == expected


def test_no_pairs_at_all(store):
    none = np.array([], np.int64)
    at, status = store.positions(none, none)
    assert (len(at), len(status)) == (0, 0)
    assert store.vectors(at).shape == (0, 44)


def test_a_pair_that_the_store_leaves_out(tmp_path, tables):
    """Both ids are known, the pair is not: the store was built for a few pairs."""
    tables["test"] = [PAIR, ["2", "10"], ["9", "14"]]
    data = write(tmp_path / "data", tables)
    store = build_store(data, tmp_path / "store", only_listed=True).lookup()
    with pytest.raises(UnknownPair, match="this pair is not in the store") as caught:
        store.position(2, 14)
    assert caught.value.unknown == (("shop_id", 2), ("item_id", 14))
    _, status = store.positions(np.array([2, 2, 5]), np.array([10, 14, 10]))
    assert [STATUSES[code] for code in status[1:]] == ["unknown_pair", "unknown_shop"]
    assert len(store) == 2


def test_pairs_that_rest_on_nothing_share_one_row(demo):
    rows = load_array(demo.folder / "vectors" / "lags.npy")
    known = int((demo.rows["basis"] != "none").sum())
    assert len(rows) == known + 1


def test_pairs_that_rest_on_nothing_and_differ_are_refused(small, tmp_path):
    rows = small.rows.copy()
    assert (rows["basis"] == "none").sum() > 1
    first = rows.index[rows["basis"] == "none"][0]
    rows.loc[first, "item_cnt_day_lag_1"] = 1
    rows.to_parquet(tmp_path / "features.parquet")
    with pytest.raises(ArtifactError, match="pairs of basis none differ"):
        decode(tmp_path / "features.parquet", tmp_path / "vectors")


def test_a_store_of_many_files_is_one_store(small, tmp_path):
    """As engines that write in parallel leave it, in whatever order."""
    folder = tmp_path / "features.parquet"
    folder.mkdir()
    rows = small.rows.astype({"basis": str})
    for i, shop in enumerate((9, 2, 5)):
        part = rows[rows["shop_id"] == shop].sample(frac=1, random_state=1)
        part.to_parquet(folder / f"part-{i}.parquet", index=False)
    decode(folder, tmp_path / "vectors")
    store = Store(tmp_path / "vectors")
    at, _ = store.positions(*(rows[key].to_numpy().astype(np.int64) for key in PAIR))
    expected = rows[list(FEATURES)].to_numpy("float32")
    np.testing.assert_array_equal(store.vectors(at), expected)


@pytest.fixture
def read_only(small, tmp_path):
    """A copy of the store that nobody may write to."""
    folder = tmp_path / "vectors"
    shutil.copytree(small.folder / "vectors", folder)
    for path in (*folder.iterdir(), folder):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    folder.chmod(0o755)


def test_a_read_only_folder_will_do(read_only, store):
    before = sorted(path.name for path in read_only.iterdir())
    opened = Store(read_only)
    at = opened.position(2, 10)
    np.testing.assert_array_equal(opened.vector(at), store.vector(at))
    assert sorted(path.name for path in read_only.iterdir()) == before


def test_the_maps_are_read_only(store):
    with pytest.raises(ValueError, match="read-only"):
        store.shops[0] = 1


@pytest.mark.parametrize("content", [b"", b"not an array", b"\x93NUMPY"])
def test_a_broken_array_is_refused_by_name(small, tmp_path, content):
    folder = tmp_path / "vectors"
    shutil.copytree(small.folder / "vectors", folder)
    (folder / "lags.npy").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"lags\.npy: not an array") as caught:
        Store(folder)
    assert len(str(caught.value).splitlines()) == 1


def test_three_lines_open_a_store_and_print_a_vector_with_its_names(small):
    lines = (
        "from pathlib import Path",
        "from feature_store.lookup import Store",
        f"s = Store(Path({str(small.folder / 'vectors')!r}));"
        " print(s.named(s.position(2, 10)))",
    )
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    store = small.lookup()
    assert run.stdout == f"{store.named(store.position(2, 10))}\n"
