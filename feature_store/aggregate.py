"""Daily rows in, small monthly tables out: the SQL, and the arrays it fills.

The queries are plain enough to run on DuckDB and on Spark alike. They read two
tables: `daily`, the sales with each item's category, and nothing else.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feature_store.definitions import ENTITIES, STATISTICS, TARGET
from feature_store.tables import Sales

DAILY = """
SELECT date_block_num, shop_id, sales_train.item_id, item_category_id, item_price,
       item_cnt_day
FROM sales_train JOIN items ON sales_train.item_id = items.item_id
WHERE date_block_num < {month}
"""

PAIRS = f"""
SELECT date_block_num, shop_id, item_id, sum(item_cnt_day) AS {TARGET}
FROM daily GROUP BY date_block_num, shop_id, item_id
ORDER BY date_block_num, shop_id, item_id
"""


def entity_query(entity: str) -> str:
    """The SQL of one entity's monthly table: every statistic of its daily rows."""
    statistics = ", ".join(f"{s}({m}) AS {s}_{m}" for s, m in STATISTICS)
    return (
        f"SELECT date_block_num, {entity}, {statistics} FROM daily"
        f" GROUP BY date_block_num, {entity}"
    )


@dataclass(frozen=True)
class CatalogueIds:
    """Every shop, item and category id, sorted, int32; arrays index into these."""

    shops: NDArray[np.int32]
    items: NDArray[np.int32]
    categories: NDArray[np.int32]
    item_category: NDArray[np.intp]  # by item, the index of its category

    def ids(self, entity: str) -> NDArray[np.int32]:
        """The ids of `entity`, one of ENTITIES."""
        return {
            "shop_id": self.shops,
            "item_id": self.items,
            "item_category_id": self.categories,
        }[entity]


@dataclass(frozen=True)
class MonthlyTables:
    """What every month knew, as arrays.

    `entities[entity]` has shape (months, ids, 3), float64, in STATISTICS order:
    NaN where the entity has no daily row that month. Of the pairs with a daily row,
    `pair_counts` are the monthly sums of counts, at `pair_shops` and `pair_items`
    (indices into the catalogue); month m's are at
    `pair_starts[m - first_month]` to the next start.
    """

    catalogue: CatalogueIds
    first_month: int
    last_month: int
    entities: dict[str, NDArray[np.float64]]
    pair_shops: NDArray[np.int32]
    pair_items: NDArray[np.int32]
    pair_counts: NDArray[np.float64]
    pair_starts: NDArray[np.intp]

    def has(self, month: int) -> bool:
        """Whether `month` lies within the tables."""
        return self.first_month <= month <= self.last_month

    def entity(self, entity: str, month: int) -> NDArray[np.float64]:
        """The entity's statistics in `month`: shape (ids, 3), NaN where no row."""
        table = self.entities[entity]
        if not self.has(month):
            return np.full(table.shape[1:], np.nan)
        in_month: NDArray[np.float64] = table[month - self.first_month]
        return in_month

    def pairs(
        self, month: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        """Shop index, item index and monthly count of the pairs with a daily row."""
        if not self.has(month):
            return self.pair_shops[:0], self.pair_items[:0], self.pair_counts[:0]
        start, end = self.pair_starts[month - self.first_month :][:2]
        rows = slice(start, end)
        return self.pair_shops[rows], self.pair_items[rows], self.pair_counts[rows]


def read_catalogue(sales: Sales) -> CatalogueIds:
    """The catalogue's ids, sorted whatever their order in the files."""
    items = sales.columns(
        "SELECT item_id, item_category_id FROM items ORDER BY item_id"
    )
    categories = _ids(sales, "item_categories", "item_category_id")
    return CatalogueIds(
        shops=_ids(sales, "shops", "shop_id"),
        items=items["item_id"],
        categories=categories,
        item_category=np.searchsorted(categories, items["item_category_id"]),
    )


def _ids(sales: Sales, table: str, column: str) -> NDArray[np.int32]:
    query = f"SELECT {column} FROM {table} ORDER BY {column}"
    return sales.columns(query)[column]


def aggregate(sales: Sales, first_month: int, month: int) -> MonthlyTables:
    """The monthly tables of the sales from `first_month` to before `month`."""
    catalogue = read_catalogue(sales)
    sales.rows(f"CREATE OR REPLACE TEMPORARY VIEW daily AS {DAILY.format(month=month)}")
    months = month - first_month
    pairs = sales.columns(PAIRS)
    return MonthlyTables(
        catalogue=catalogue,
        first_month=first_month,
        last_month=month - 1,
        entities={
            entity: _spread(
                sales.columns(entity_query(entity)),
                entity,
                catalogue.ids(entity),
                first_month,
                months,
            )
            for entity in ENTITIES
        },
        pair_shops=positions_of(catalogue.shops, pairs["shop_id"]),
        pair_items=positions_of(catalogue.items, pairs["item_id"]),
        pair_counts=pairs[TARGET],
        pair_starts=np.searchsorted(
            pairs["date_block_num"], np.arange(first_month, month + 1)
        ),
    )


def _spread(
    rows: dict[str, NDArray[np.float64]],
    entity: str,
    ids: NDArray[np.int32],
    first_month: int,
    months: int,
) -> NDArray[np.float64]:
    """An entity's rows as (months, ids, 3); NaN where there is no row."""
    spread = np.full((months, len(ids), len(STATISTICS)), np.nan)
    at = (rows["date_block_num"] - first_month, np.searchsorted(ids, rows[entity]))
    for i, (statistic, measure) in enumerate(STATISTICS):
        spread[(*at, i)] = rows[f"{statistic}_{measure}"]
    return spread


def positions_of(
    ids: NDArray[np.int32], values: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Where each of `values` stands in the sorted `ids`, which hold them all."""
    return np.searchsorted(ids, values).astype(np.int32)
