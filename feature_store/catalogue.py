"""The names behind the ids: shops, items and categories, as people know them."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from feature_store.tables import Sales

TABLES = {
    "shops": "SELECT shop_id, shop_name FROM shops ORDER BY shop_id",
    "items": "SELECT item_id, item_name, item_category_id FROM items ORDER BY item_id",
    "item_categories": "SELECT item_category_id, item_category_name"
    " FROM item_categories ORDER BY item_category_id",
}


def write_catalogue(sales: Sales, out: Path) -> None:
    """Write folder `out`: a Parquet file a table, sorted by id."""
    out.mkdir()
    for table, query in TABLES.items():
        columns = sales.columns(query)
        arrays = {name: pa.array(values) for name, values in columns.items()}
        pq.write_table(pa.table(arrays), out / f"{table}.parquet")


@dataclass(frozen=True, slots=True)
class Item:
    """An item's name and category."""

    name: str
    category_id: int


@dataclass(frozen=True)
class Catalogue:
    """Names by id, in the order of the ids."""

    shops: dict[int, str]
    items: dict[int, Item]
    categories: dict[int, str]

    @classmethod
    def open(cls, folder: Path) -> "Catalogue":
        """Read the folder that `write_catalogue` wrote."""
        shops, items, categories = (
            [column.to_pylist() for column in _read(folder / f"{t}.parquet")]
            for t in TABLES
        )
        named = (
            Item(name, category) for name, category in zip(*items[1:], strict=True)
        )
        return cls(
            shops=dict(zip(*shops, strict=True)),
            items=dict(zip(items[0], named, strict=True)),
            categories=dict(zip(*categories, strict=True)),
        )


def _read(path: Path) -> pa.Table:
    """A small table; threads would cost every worker more memory than it holds."""
    with pq.ParquetFile(path) as file:
        return file.read(use_threads=False)
