"""A small made-up retailer as text tables, to be bent by a test and written out."""

import csv
import gzip
import io
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import cycle, product

import pandas as pd

SHOPS = (2, 5, 9)
ITEMS = (10, 11, 12, 13, 14)
CATEGORIES = (1, 3)
MONTHS = 10
YEAR = 2020  # block 0 is its January

SALES = "date date_block_num shop_id item_id item_price item_cnt_day".split()
ITEM = ("item_name", "item_id", "item_category_id")
SHOP = ("shop_name", "shop_id")
CATEGORY = ("item_category_name", "item_category_id")
TEST = ("ID", "shop_id", "item_id")

Tables = dict[str, list[list[str]]]


def retailer(
    shops: Sequence[int] = SHOPS,
    items: Sequence[int] = ITEMS,
    categories: Sequence[int] = CATEGORIES,
    months: Iterable[int] = range(MONTHS),
    start: int = 0,
    sales: Iterable[Sequence[object]] | None = None,
) -> Tables:
    """The five tables, each a header and rows of text.

    `months` are the `date_block_num` with sales; `start` is the block of January
    of YEAR. `test` lists the first two shops. Unless `sales` are given (month, shop,
    item, price, count), every shop sells something each month and every item but
    the last is sold.
    """
    rows = invented(shops, items[:-1], months) if sales is None else sales
    category = cycle(categories)
    return as_text(
        sales_train=[SALES, *([day(row[0] - start), *row] for row in rows)],
        items=[
            ITEM,
            *((f"item {item}", item, next(category)) for item in items),
        ],
        shops=[SHOP, *((f"shop {shop}", shop) for shop in shops)],
        item_categories=[CATEGORY, *((f"category {id_}", id_) for id_ in categories)],
        test=[TEST, *((0, *pair) for pair in product(shops[:2], items))],
    )


def invented(
    shops: Sequence[int], items: Sequence[int], months: Iterable[int]
) -> Iterator[Sequence[object]]:
    """Sales in each month: one of every shop, one of every item."""
    rng = random.Random(1)
    for month in months:
        by_shop = [(shop, rng.choice(items)) for shop in shops]
        by_item = [(rng.choice(shops), item) for item in items]
        for shop, item in by_shop + by_item:
            yield month, shop, item, rng.randint(100, 9999) / 4, rng.randint(1, 9)


def as_text(**tables: Iterable[Sequence[object]]) -> Tables:
    return {
        table: [[str(value) for value in row] for row in rows]
        for table, rows in tables.items()
    }


def day(month: int, number: int = 15) -> str:
    """A day of the month that lies `month` months after January of YEAR."""
    year, index = divmod(month, 12)
    return f"{date(YEAR + year, index + 1, number):%d.%m.%Y}"


def csv_text(rows: Iterable[Sequence[str]], newline: str = "\n", **options) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator=newline, **options).writerows(rows)
    return file.getvalue()


def write(folder, tables, suffix=".csv"):
    """Write each table as `<name><suffix>` into `folder`, which it returns."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        write_table(folder / (name + suffix), rows)
    return folder


def write_table(path, rows):
    """Write rows of text in the format that the path's suffix names."""
    if path.suffix == ".parquet":
        frame(rows).to_parquet(path, index=False)
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(csv_text(rows).encode()))
    else:
        path.write_text(csv_text(rows), encoding="utf-8", newline="")


def frame(rows):
    """The table with numbers as numbers and dates as dates, as Parquet has them."""
    header, *cells = rows
    typed = pd.DataFrame(cells, columns=header)
    for name in header:
        if name == "date":
            typed[name] = pd.to_datetime(typed[name], format="%d.%m.%Y")
        elif not name.endswith("_name"):
            typed[name] = pd.to_numeric(typed[name])
    return typed


def put(tables, table, row, column, text):
    """Put a text into a cell; rows count from 1, as messages count them."""
    tables[table][row][tables[table][0].index(column)] = text
