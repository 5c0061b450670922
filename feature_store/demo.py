"""Writes a made-up retailer in the file formats of the real sales data."""

import csv
import gzip
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from feature_store.demo_catalogue import (
    CATEGORIES,
    CONSOLE,
    FULL_SIZE,
    MONTHS,
    SHOP_NAMES,
    TEST_ITEMS,
    Ints,
    Items,
    make_items,
    open_shops,
)
from feature_store.demo_sales import (
    FIRST_DAY,
    Sales,
    make_chain,
    make_sales,
    month_of_day,
)
from feature_store.errors import InputError

SEED = 1
MIN_ITEMS, MAX_ITEMS = 50, 1_000_000
MARKER = "demo.json"
NOTE = "This retailer is made up: no shop, item, price or sale in these files is real."
SALES, TEST = "sales_train.csv.gz", "test.csv.gz"
CATALOGUE = ("items.csv", "item_categories.csv", "shops.csv")
FILES = frozenset((SALES, TEST, *CATALOGUE, MARKER))

Progress = Callable[[str, float], None]  # what is being done; the part done, 0 to 1


@dataclass(frozen=True)
class DemoSummary:
    """What was written."""

    path: Path
    seed: int
    items: int
    sales_rows: int
    units: int
    test_pairs: int


def write_demo(
    out: Path,
    *,
    seed: int = SEED,
    items: int = FULL_SIZE,
    progress: Progress | None = None,
) -> DemoSummary:
    """Writes FILES into the folder `out`: the same bytes for the same seed and size.

    Sales run from January 2013 to October 2015, months 0 to 33. A retailer of fewer
    `items` has the same shops and categories, and sales in proportion. An earlier
    demo in `out` is replaced, only once the new one is whole. Raises InputError for
    a bad seed or size, and where `out` cannot be written or holds anything else.
    """
    _check_options(seed, items)
    out = Path(out).resolve()
    _check_folder(out)
    report = progress or (lambda *_: None)
    with _whole_folder(out) as folder:
        return _write_files(folder, out, seed, items, report)


def _check_options(seed: int, items: int) -> None:
    if not MIN_ITEMS <= items <= MAX_ITEMS:
        raise InputError(
            f"items is {items}: expected a whole number, {MIN_ITEMS} to {MAX_ITEMS}"
        )
    if seed < 0:
        raise InputError(f"seed is {seed}: expected a whole number, 0 or more")


def _check_folder(out: Path) -> None:
    """Raises InputError where `out` holds anything but an earlier demo."""
    if not out.exists():
        return
    if not out.is_dir():
        raise InputError(f"{out} is a file: expected a folder for the demo's files")
    found = {path.name for path in out.iterdir()}
    foreign = found if MARKER not in found else found - FILES
    if foreign:
        raise InputError(
            f"{out} holds {min(foreign)}, which is not an earlier demo's: "
            "expected a new or an empty folder"
        )


@contextmanager
def _whole_folder(out: Path) -> Iterator[Path]:
    """A new folder that takes the place of `out` at the end, unless anything fails."""
    new, old = (out.with_name(f".{out.name}.{os.getpid()}.{x}") for x in ("new", "old"))
    try:
        new.mkdir(parents=True)
        yield new
        if out.exists():
            out.rename(old)
        new.rename(out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _write_files(
    folder: Path, out: Path, seed: int, size: int, report: Progress
) -> DemoSummary:
    rng = np.random.default_rng(seed)
    report("inventing the catalogue", 0.0)
    items = make_items(size, rng)
    _write_catalogue(folder, items)
    chain = make_chain(items, rng)
    sales = make_sales(chain, rng, lambda done: report("selling", 0.6 * done))
    pairs = _write_test(folder / TEST, _test_items(items, sales, rng))
    report("writing sales", 0.6)
    _write_sales(folder / SALES, sales)
    marker = {"demo": True, "note": NOTE, "seed": seed, "items": size}
    (folder / MARKER).write_text(json.dumps(marker, indent=2) + "\n", encoding="utf-8")
    report("done", 1.0)
    return DemoSummary(out, seed, size, len(sales), int(sales.count.sum()), pairs)


def _write_catalogue(folder: Path, items: Items) -> None:
    named = enumerate(zip(items.names, items.category, strict=True))
    tables = (
        (
            ("item_name", "item_id", "item_category_id"),
            ((name, number, category) for number, (name, category) in named),
        ),
        (
            ("item_category_name", "item_category_id"),
            ((c.name, number) for number, c in enumerate(CATEGORIES)),
        ),
        (
            ("shop_name", "shop_id"),
            ((name, number) for number, name in enumerate(SHOP_NAMES)),
        ),
    )
    for file, (header, rows) in zip(CATALOGUE, tables, strict=True):
        _write_rows(folder / file, header, rows)


def _write_rows(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _test_items(items: Items, sales: Sales, rng: np.random.Generator) -> Ints:
    """The items of the forecast month: the new ones, and those likely still on sale.

    The later an item last sold, the likelier it is listed.
    """
    wanted = round(TEST_ITEMS * len(items) / FULL_SIZE)
    latest = np.full(len(items), -np.inf)
    latest[sales.item] = month_of_day()[sales.day]  # rows are by date: the last stays
    latest += rng.gumbel(0.0, 0.9, len(items))
    latest += np.where(items.last >= MONTHS, 1.5, 0.0)
    latest[items.launch == MONTHS] = np.inf
    if len(items) > CONSOLE:
        latest[CONSOLE] = np.inf
    return rng.permutation(np.argsort(-latest, kind="stable")[:wanted])


def _write_test(path: Path, items: Ints) -> int:
    """Writes every pair of the forecast month's shops and these items: how many."""
    shops = np.flatnonzero(open_shops(MONTHS))
    pairs = len(shops) * len(items)
    table = {
        "ID": np.arange(pairs),
        "shop_id": np.repeat(shops, len(items)),
        "item_id": np.tile(items, len(shops)),
    }
    _write_gzip(path, pa.table(table))
    return pairs


def _write_sales(path: Path, sales: Sales) -> None:
    days = pa.array(
        f"{FIRST_DAY + timedelta(days=day):%d.%m.%Y}"
        for day in range(len(month_of_day()))
    )
    table = {
        "date": days.take(pa.array(sales.day)),
        "date_block_num": month_of_day()[sales.day],
        "shop_id": sales.shop,
        "item_id": sales.item,
        "item_price": sales.price,
        "item_cnt_day": sales.count,
    }
    _write_gzip(path, pa.table(table))


def _write_gzip(path: Path, table: pa.Table) -> None:
    """A gzipped CSV file whose bytes depend on the table alone, not on the time."""
    plain = pa.csv.WriteOptions(include_header=False, quoting_style="none")
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as zipped,
    ):
        zipped.write((",".join(table.column_names) + "\n").encode())
        pa.csv.write_csv(table, zipped, plain)
