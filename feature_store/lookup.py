"""The online lookup: two ids in, the pair's feature vector out.

`decode` turns `features.parquet` once into arrays that every worker maps. Pairs
that rest on nothing share one row of lag values, so the arrays stay small.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from feature_store.arrays import load_array
from feature_store.definitions import BASIS, FEATURES, KEYS, LAG_FEATURES
from feature_store.errors import ArtifactError, UnknownEntity, UnknownPair

UNKNOWN = ("unknown_shop", "unknown_item", "unknown_pair")
STATUSES = BASIS + UNKNOWN


# A folder may hold a shop's rows under `shop_id=5`, which then is no column in them.
_BY_SHOP = pa.schema([("shop_id", pa.int32())])


def decode(features: Path, out: Path) -> None:
    """Write folder `out`, what `Store` maps, from the Parquet file or folder.

    Raises ArtifactError where pairs that rest on nothing differ in their lags.
    """
    # A build needs this; a worker would pay 28 MB for it and never use it.
    import pyarrow.dataset as ds  # noqa: PLC0415

    by_shop = ds.partitioning(_BY_SHOP, flavor="hive")
    source = ds.dataset(features, format="parquet", partitioning=by_shop)
    pairs = source.to_table(columns=["shop_id", "item_id", "date_block_num", "basis"])
    shops, items = (np.unique(pairs[key].to_numpy()) for key in ("shop_id", "item_id"))
    shape = (len(shops), len(items))
    index = _Index(
        rows=np.full(shape, -1, np.int32),
        basis=np.zeros(shape, np.uint8),
        listed=np.zeros(shape, np.bool_),
        categories=np.zeros(len(items), np.int32),
    )
    out.mkdir()
    known = pc.sum(pc.not_equal(pairs["basis"], BASIS[0])).as_py()
    lags = np.lib.format.open_memmap(
        out / "lags.npy", "w+", np.float32, (known + 1, len(LAG_FEATURES))
    )
    decoded = 1  # row 0 is for the pairs that rest on nothing
    for batch in source.to_batches(batch_readahead=1, fragment_readahead=1):
        decoded = _decode_batch(batch, shops, items, index, lags, decoded)
    lags.flush()
    for name, array in {"shops": shops, "items": items, **vars(index)}.items():
        np.save(out / f"{name}.npy", array)
    month = {"date_block_num": pc.min(pairs["date_block_num"]).as_py()}
    (out / "month.json").write_text(json.dumps(month))


@dataclass(frozen=True)
class _Index:
    """By shop and item: the pair's row of lags (-1: no such pair), basis, listed."""

    rows: NDArray[np.int32]
    basis: NDArray[np.uint8]
    listed: NDArray[np.bool_]
    categories: NDArray[np.int32]  # by item


def _decode_batch(
    batch: pa.RecordBatch,
    shops: NDArray[np.int32],
    items: NDArray[np.int32],
    index: _Index,
    lags: NDArray[np.float32],
    decoded: int,
) -> int:
    """Put a batch of pairs in its place; returns the number of lag rows in use."""
    shop = np.searchsorted(shops, batch["shop_id"].to_numpy())
    item = np.searchsorted(items, batch["item_id"].to_numpy())
    basis = pc.index_in(batch["basis"].cast(pa.string()), pa.array(BASIS)).to_numpy()
    values = np.column_stack([batch[name].to_numpy() for name in LAG_FEATURES])
    known = basis > 0
    end = decoded + int(known.sum())
    lags[decoded:end] = values[known]
    if not known.all():
        nothing = values[~known]
        if not (index.rows == 0).any():
            lags[0] = nothing[0]
        if (nothing != lags[0]).any():
            raise ArtifactError(f"pairs of basis {BASIS[0]} differ in their lag values")
    index.rows[shop, item] = np.where(known, decoded + np.cumsum(known) - 1, 0)
    index.basis[shop, item] = basis
    index.listed[shop, item] = batch["listed"].to_numpy(zero_copy_only=False)
    index.categories[item] = batch["item_category_id"].to_numpy()
    return end


class Store:
    """A store's feature vectors by pair, mapped from the folder that `decode` wrote.

    `position` finds a pair and refuses one that is not there; all else takes the
    position. Arrays are mapped read-only: workers share their memory.

    >>> store = Store(Path("artifacts/current/vectors"))  # doctest: +SKIP
    >>> store.named(store.position(24, 6676))["shop_id"]  # doctest: +SKIP
    24.0
    """

    def __init__(self, folder: Path) -> None:
        month = json.loads((folder / "month.json").read_text())
        self.date_block_num: int = month["date_block_num"]
        self.shops = load_array(folder / "shops.npy")
        self.items = load_array(folder / "items.npy")
        self._categories = load_array(folder / "categories.npy")
        self._lags = load_array(folder / "lags.npy")
        self._rows = load_array(folder / "rows.npy").ravel()
        self._basis = load_array(folder / "basis.npy").ravel()
        self._listed = load_array(folder / "listed.npy").ravel()
        self._shop_index = {shop: i for i, shop in enumerate(self.shops.tolist())}
        self._item_index = {item: i for i, item in enumerate(self.items.tolist())}

    def __len__(self) -> int:
        """The number of pairs."""
        return int(np.count_nonzero(self._rows >= 0))

    def position(self, shop_id: int, item_id: int) -> int:
        """Where the pair is. Raises UnknownEntity, naming ids, or UnknownPair."""
        shop, item = self._shop_index.get(shop_id), self._item_index.get(item_id)
        if shop is not None and item is not None:
            position = shop * len(self._item_index) + item
            if self._rows[position] >= 0:
                return position
            raise UnknownPair([("shop_id", shop_id), ("item_id", item_id)])
        asked = (("shop_id", shop_id, shop), ("item_id", item_id, item))
        raise UnknownEntity([(field, id_) for field, id_, at in asked if at is None])

    def vector(self, position: int) -> NDArray[np.float32]:
        """The pair's feature vector for the month to forecast.

        Shape (44,), float32, in FEATURES order: prices in roubles, counts in units,
        summed by month or averaged by daily row. Never NaN: gaps are filled.
        """
        shop, item = divmod(position, len(self._item_index))
        vector = np.empty(len(FEATURES), np.float32)
        vector[0] = self.shops[shop]
        vector[1] = self.items[item]
        vector[2] = self.date_block_num
        vector[3] = self._categories[item]
        vector[len(KEYS) :] = self._lags[self._rows[position]]
        return vector

    def named(self, position: int) -> dict[str, float]:
        """The pair's feature vector, {name: value}."""
        return dict(zip(FEATURES, self.vector(position).tolist(), strict=True))

    def basis(self, position: int) -> str:
        """What the pair's number rests on: one of BASIS."""
        return BASIS[self._basis[position]]

    def listed(self, position: int) -> bool:
        """Whether the pair is in the forecast month's assortment."""
        return bool(self._listed[position])

    def positions(
        self, shop_ids: NDArray[np.int64], item_ids: NDArray[np.int64]
    ) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
        """Where many pairs are, and their status: indices into STATUSES.

        Both have shape (pairs,). The position of an unknown pair is 0.
        """
        shop, no_shop = _find(self.shops, shop_ids)
        item, no_item = _find(self.items, item_ids)
        positions = shop * len(self.items) + item
        no_pair = self._rows[positions] < 0
        unknown = no_shop | no_item | no_pair
        positions[unknown] = 0
        status = self._basis[positions]
        for code, missing in ((2, no_pair), (1, no_item), (0, no_shop)):
            status[missing] = len(BASIS) + code
        return positions, status

    def vectors(self, positions: NDArray[np.intp]) -> NDArray[np.float32]:
        """Many pairs' feature vectors: shape (positions, 44), float32."""
        shop, item = np.divmod(positions, len(self.items))
        vectors = np.empty((len(positions), len(FEATURES)), np.float32)
        vectors[:, 0] = self.shops[shop]
        vectors[:, 1] = self.items[item]
        vectors[:, 2] = self.date_block_num
        vectors[:, 3] = self._categories[item]
        vectors[:, len(KEYS) :] = self._lags[self._rows[positions]]
        return vectors

    def listed_many(self, positions: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether each pair is in the forecast month's assortment."""
        return self._listed[positions]

    def basis_many(self, positions: NDArray[np.intp]) -> NDArray[np.uint8]:
        """What each pair's number rests on, as indices into BASIS."""
        return self._basis[positions]

    def shop_ids(self, positions: NDArray[np.intp]) -> NDArray[np.int32]:
        """The shop of each pair."""
        return self.shops[positions // len(self.items)]

    def item_ids(self, positions: NDArray[np.intp]) -> NDArray[np.int32]:
        """The item of each pair."""
        return self.items[positions % len(self.items)]

    def categories(self, positions: NDArray[np.intp]) -> NDArray[np.int32]:
        """The category of each pair's item."""
        return self._categories[positions % len(self.items)]

    def listed_counts(self) -> dict[int, int]:
        """By shop, how many of its pairs are listed."""
        by_shop = self._listed.reshape(len(self.shops), -1).sum(axis=1)
        return dict(zip(self.shops.tolist(), by_shop.tolist(), strict=True))

    def listed_of_shop(self, shop_id: int) -> NDArray[np.intp]:
        """Where a shop's listed pairs are, by item; none of an unknown shop."""
        if shop_id not in self._shop_index:
            return np.empty(0, np.intp)
        start = self._shop_index[shop_id] * len(self.items)
        return start + np.flatnonzero(self._listed[start : start + len(self.items)])

    def of_item(self, item_id: int) -> NDArray[np.intp]:
        """Where an item's pairs are, by shop; none of an unknown item."""
        if item_id not in self._item_index:
            return np.empty(0, np.intp)
        positions = np.arange(len(self.shops)) * len(self.items)
        positions += self._item_index[item_id]
        return positions[self._rows[positions] >= 0]

    def blocks(self, rows: int = 1 << 16) -> Iterator[NDArray[np.intp]]:
        """The positions of every pair, at most `rows` at once."""
        positions = np.flatnonzero(self._rows >= 0)
        for start in range(0, len(positions), rows):
            yield positions[start : start + rows]


def _find(
    ids: NDArray[np.int32], wanted: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The index of each wanted id, and whether there is none (its index is then 0)."""
    index = np.searchsorted(ids, wanted)
    index[index == len(ids)] = 0
    missing = ids[index] != wanted
    index[missing] = 0
    return index, missing
