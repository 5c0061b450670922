"""Monthly tables in, feature vectors out: one function for every month and engine.

A pair's lag values are read from its grid row, `lag` months earlier. Training rows
and the month to forecast go through the same code.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from feature_store.aggregate import CatalogueIds, MonthlyTables
from feature_store.definitions import (
    AGGREGATES,
    BASIS,
    ENTITIES,
    FEATURES,
    KEYS,
    LAG_FEATURES,
    LAGS,
    STATISTICS,
)

# A row of the store: the 44 columns, then what the number rests on, and the list.
SCHEMA = pa.schema(
    [(name, pa.int32()) for name in KEYS]
    + [(name, pa.float32()) for name in LAG_FEATURES]
    + [("basis", pa.dictionary(pa.int8(), pa.string())), ("listed", pa.bool_())]
)

# Rows gathered at once: bounds memory, not results. Blocks under 32 MB are made in
# memory that was used before; for larger ones the C library asks for new pages.
BLOCK_ROWS = 1 << 16
_CACHED_ROWS = 1 << 12
_VALUES_A_LAG = len(AGGREGATES) + 1


@dataclass(frozen=True)
class Pairs:
    """Pairs as indices into the catalogue: two arrays, int32, of one length."""

    shops: NDArray[np.int32]
    items: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.shops)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Pairs":
        """The chosen ones, by a mask or by their places."""
        return Pairs(self.shops[chosen], self.items[chosen])

    def blocks(self, rows: int = BLOCK_ROWS) -> Iterator["Pairs"]:
        """The same pairs in the same order, at most `rows` at once."""
        for start in range(0, len(self), rows):
            block = slice(start, start + rows)
            yield Pairs(self.shops[block], self.items[block])


def cross(shops: NDArray[np.intp], items: NDArray[np.intp]) -> Pairs:
    """Every shop with every item, by shop, then item."""
    return Pairs(
        np.repeat(shops, len(items)).astype(np.int32),
        np.tile(items, len(shops)).astype(np.int32),
    )


def grid(tables: MonthlyTables, month: int) -> Pairs:
    """A month's grid: every shop with a row that month x every item with one."""
    return cross(
        np.flatnonzero(_present(tables, "shop_id", month)),
        np.flatnonzero(_present(tables, "item_id", month)),
    )


def _present(tables: MonthlyTables, entity: str, month: int) -> NDArray[np.bool_]:
    return ~np.isnan(tables.entity(entity, month)[:, 0])


@dataclass(frozen=True)
class LagTables:
    """What a month's pairs are gathered from, by lag.

    `entities[entity]` has shape (ids, lags, statistics), float64; `present` says
    whether a shop or an item had a row that month, shape (ids, lags); `counts` and
    `sold` (whether the pair has a daily row in any lag month) are by shop and item.
    """

    month: int
    catalogue: CatalogueIds
    entities: dict[str, NDArray[np.float64]]
    present: dict[str, NDArray[np.bool_]]
    counts: NDArray[np.float32]  # (lags, shops, items)
    sold: NDArray[np.bool_]  # (shops, items)

    def exists(self, pairs: Pairs) -> NDArray[np.bool_]:
        """Whether the pair's grid row `lag` months earlier exists: (pairs, lags)."""
        shops = self.present["shop_id"][pairs.shops]
        return shops & self.present["item_id"][pairs.items]


def lag_tables(tables: MonthlyTables, month: int) -> LagTables:
    """The lag tables of `month`, from the months that its lags reach."""
    shape = (len(tables.catalogue.shops), len(tables.catalogue.items))
    counts = np.zeros((len(LAGS), *shape), np.float32)
    sold = np.zeros(shape, np.bool_)
    for i, lag in enumerate(LAGS):
        shops, items, units = tables.pairs(month - lag)
        counts[i, shops, items] = units
        sold[shops, items] = True
    entities = {
        entity: np.stack([tables.entity(entity, month - lag) for lag in LAGS], axis=1)
        for entity in ENTITIES
    }
    present = {entity: ~np.isnan(table[:, :, 0]) for entity, table in entities.items()}
    return LagTables(month, tables.catalogue, entities, present, counts, sold)


def fills(lags: LagTables, reference: Pairs) -> NDArray[np.float32]:
    """What a missing lag value becomes: shape (40,), float32, NaN where unknown.

    A count becomes 0; a price the median of its column over the `reference` pairs
    that have it, each pair counted once.
    """
    values = np.zeros((len(LAGS), _VALUES_A_LAG))
    weights = _pairs_having(lags, reference)
    for i, aggregate in enumerate(AGGREGATES):
        if aggregate.is_price:
            table = lags.entities[aggregate.entity][:, :, i % len(STATISTICS)]
            for j in range(len(LAGS)):
                values[j, i] = _weighted_median(
                    table[:, j], weights[aggregate.entity][:, j]
                )
    return values.ravel().astype(np.float32)


def _pairs_having(lags: LagTables, reference: Pairs) -> dict[str, NDArray[np.floating]]:
    """By entity and id, the reference pairs with a grid row that month: (ids, lags)."""
    shops, items = (lags.present[entity] for entity in ("shop_id", "item_id"))
    chosen = np.zeros(lags.sold.shape, np.float32)
    chosen[reference.shops, reference.items] = 1
    # Not `@`, whose threads would take the cores from those that make blocks.
    of_shops = np.einsum("si,li->sl", chosen, items.T.astype(np.float32, order="C"))
    of_items = np.einsum("si,ls->il", chosen, shops.T.astype(np.float32, order="C"))
    of_items *= items
    # A category's may be more than float32 counts exactly.
    of_categories = np.zeros((len(lags.catalogue.categories), len(LAGS)))
    np.add.at(of_categories, lags.catalogue.item_category, of_items)
    return {
        "shop_id": of_shops * shops,
        "item_id": of_items,
        "item_category_id": of_categories,
    }


def _weighted_median(
    values: NDArray[np.float64], weights: NDArray[np.floating]
) -> float:
    """The median of `values`, each taken `weights` times; NaN of nothing."""
    values, weights = values[weights > 0], weights[weights > 0]
    if not len(values):
        return np.nan
    order = np.argsort(values)
    ends = np.cumsum(weights[order], dtype=np.int64)
    middle = ((ends[-1] - 1) // 2, ends[-1] // 2)
    return float(values[order][np.searchsorted(ends, middle, side="right")].mean())


@dataclass(frozen=True)
class Filled:
    """Lag tables without gaps, as vectors are gathered from them.

    `items` has a vector an item, shape (items, 44), float32, in which only what a
    shop adds is open: its values stand at the fill, the pair's counts at 0. `shops`
    has shape (shops, lags, statistics), float32; `fill` (lags, values a lag).
    """

    lags: LagTables
    fill: NDArray[np.float32]
    items: NDArray[np.float32]
    shops: NDArray[np.float32]


def filled(lags: LagTables, fill: NDArray[np.float32]) -> Filled:
    """The lag tables with `fill` (40,) where an item has no row that month."""
    catalogue = lags.catalogue
    count = len(catalogue.items)
    every = Pairs(np.zeros(count, np.int32), np.arange(count, dtype=np.int32))
    by_lag = fill.reshape(len(LAGS), _VALUES_A_LAG)
    items = np.empty((count, len(FEATURES)), np.float32)
    for i, key in enumerate(keys(lags, every).values()):
        items[:, i] = key
    values = _lag_values(items)
    values[:] = by_lag
    sold = lags.present["item_id"][:, :, np.newaxis]
    by_item = {
        "item_id": lags.entities["item_id"],
        "item_category_id": lags.entities["item_category_id"][catalogue.item_category],
    }
    for entity, table in by_item.items():
        np.copyto(values[:, :, _columns(entity)], table, "same_kind", where=sold)
    return Filled(lags, by_lag, items, lags.entities["shop_id"].astype(np.float32))


def vectors(gaps: Filled, pairs: Pairs) -> NDArray[np.float32]:
    """The pairs' feature vectors: shape (pairs, 44), float32, in FEATURES order.

    Never NaN. Quick where `pairs` are sorted by shop, as they are everywhere.
    """
    result = gaps.items[pairs.items]
    result[:, 0] = gaps.lags.catalogue.shops[pairs.shops]
    values = _lag_values(result)
    starts = np.flatnonzero(np.diff(pairs.shops, prepend=-1)).tolist()
    for start, end in pairwise([*starts, len(pairs)]):
        of_shop = slice(start, end)
        _add_shop(gaps, pairs.shops[start], pairs.items[of_shop], values[of_shop])
    return result


def _add_shop(
    gaps: Filled, shop: np.int32, items: NDArray[np.int32], values: NDArray[np.float32]
) -> None:
    """Put what one shop adds into its items' lag values, (items, lags, values)."""
    lags = gaps.lags
    sold = lags.present["item_id"][items]
    for i in range(len(LAGS)):
        if lags.present["shop_id"][shop, i]:
            at = values[:, i, _columns("shop_id")]
            np.copyto(at, gaps.shops[shop, i], where=sold[:, i, np.newaxis])
            values[:, i, -1] = lags.counts[i, shop][items]
        else:  # no grid row that month: all ten are missing, the item's too
            values[:, i] = gaps.fill[i]


def _lag_values(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The lag values of vectors, by lag: a view of shape (rows, lags, values)."""
    return rows[:, len(KEYS) :].reshape(len(rows), len(LAGS), _VALUES_A_LAG)


def _columns(entity: str) -> slice:
    """Where an entity's statistics stand among a lag's values."""
    start = ENTITIES.index(entity) * len(STATISTICS)
    return slice(start, start + len(STATISTICS))


def keys(lags: LagTables, pairs: Pairs) -> dict[str, NDArray[np.int32]]:
    """The pairs' four leading values by name, exact: int32."""
    catalogue = lags.catalogue
    values = (
        catalogue.shops[pairs.shops],
        catalogue.items[pairs.items],
        np.full(len(pairs), lags.month, np.int32),
        catalogue.categories[catalogue.item_category[pairs.items]],
    )
    return dict(zip(KEYS, values, strict=True))


def basis(lags: LagTables, pairs: Pairs) -> NDArray[np.uint8]:
    """What each pair's number rests on, as indices into BASIS."""
    elsewhere = lags.exists(pairs).any(axis=1)
    return elsewhere.astype(np.uint8) + lags.sold[pairs.shops, pairs.items]


def store_rows(gaps: Filled, listed: NDArray[np.bool_], pairs: Pairs) -> pa.Table:
    """The pairs' rows of the feature store, in SCHEMA; `listed` is by shop and item."""
    lags, values = gaps.lags, vectors(gaps, pairs)
    columns: list[pa.Array] = [pa.array(key) for key in keys(lags, pairs).values()]
    columns += map(pa.array, _by_column(values)[len(KEYS) :])
    code = pa.array(basis(lags, pairs).astype(np.int8))
    columns.append(pa.DictionaryArray.from_arrays(code, list(BASIS)))
    columns.append(pa.array(listed[pairs.shops, pairs.items]))
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _by_column(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The transpose, a column after the other in memory."""
    columns = np.empty(rows.T.shape, np.float32)
    for start in range(0, len(rows), _CACHED_ROWS):  # three times as quick as whole
        piece = slice(start, start + _CACHED_ROWS)
        columns[:, piece] = rows[piece].T
    return columns
