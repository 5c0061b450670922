"""A retailer's tables, whichever engine holds them: files, columns, kinds of cells.

A folder holds `sales_train`, `items`, `shops`, `item_categories` and perhaps
`test`, each as .csv, .csv.gz or .parquet, or as a folder of Parquet files. Every
query here is plain enough to run on DuckDB and on Spark alike.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

from feature_store.definitions import MAX_ID
from feature_store.errors import InputError

EXTENSIONS = (".csv", ".csv.gz", ".parquet")
# What a message shows of a file's contents.
MOST_NAMES, MOST_CHARACTERS = 20, 60


@dataclass(frozen=True)
class Kind:
    """How a cell's text becomes a value; unreadable text becomes NULL."""

    expected: str
    parse: str  # SQL, with {v} for the text

    def sql(self, column: str) -> str:
        """The SQL of a column's values."""
        return self.parse.format(v=column)


# The first branch takes what files are full of, and costs a third of the others. A
# pattern finds what may not be there, or extracts the whole text: both engines then
# agree, even on a text that ends with a line.
ID = Kind(
    f"a whole number, 0 to {MAX_ID}",
    "CASE WHEN CAST(TRY_CAST({v} AS INTEGER) AS STRING) = {v}"
    " AND TRY_CAST({v} AS INTEGER) >= 0 THEN TRY_CAST({v} AS INTEGER)"
    " WHEN regexp_extract({v}, '[0-9]{{1,10}}', 0) = {v}"
    " THEN TRY_CAST({v} AS INTEGER) END",
)
# Beyond 3.4e38 there is no float32.
NUMBER = Kind(
    "a number",
    "CASE WHEN NOT regexp_like({v}, '[^-+0-9.eE]')"
    " AND abs(TRY_CAST({v} AS DOUBLE)) < 3.4e38 THEN CAST({v} AS DOUBLE) END",
)
# Parquet's dates and times come as YYYY-MM-DD with or without an hour.
DATE = Kind(
    "a date, DD.MM.YYYY or YYYY-MM-DD",
    "CASE WHEN {v} LIKE '__.__.____' AND NOT regexp_like({v}, '[^0-9.]')"
    " THEN TRY_CAST(concat(substr({v}, 7, 4), '-', substr({v}, 4, 2), '-',"
    " substr({v}, 1, 2)) AS DATE)"
    " WHEN regexp_extract({v}, '[0-9]{{1,2}}[.][0-9]{{1,2}}[.][0-9]{{4}}', 0) = {v}"
    " THEN TRY_CAST(split_part({v}, '.', 3) || '-' || split_part({v}, '.', 2) || '-'"
    " || split_part({v}, '.', 1) AS DATE)"
    " WHEN regexp_extract({v}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([ T].*)?', 0) = {v}"
    " THEN TRY_CAST(left({v}, 10) AS DATE) END",
)
TEXT = Kind("a text", "coalesce({v}, '')")

TABLES = {
    "sales_train": {
        "date": DATE,
        "date_block_num": ID,
        "shop_id": ID,
        "item_id": ID,
        "item_price": NUMBER,
        "item_cnt_day": NUMBER,
    },
    "items": {"item_name": TEXT, "item_id": ID, "item_category_id": ID},
    "shops": {"shop_name": TEXT, "shop_id": ID},
    "item_categories": {"item_category_name": TEXT, "item_category_id": ID},
    "test": {"shop_id": ID, "item_id": ID},
}


@dataclass(frozen=True)
class Sales(ABC):
    """A retailer's tables in an engine, one a file, under the file's own name.

    Every table has a `rowid`, by which a query can tell an earlier row from a later
    one. Where `numbered`, it is the row's place in the file, counted from 0.
    """

    files: dict[str, str]  # each table's path
    numbered: ClassVar[bool]
    numbering: ClassVar[str]  # SQL: numbers in the order of a source's rows

    @abstractmethod
    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Every row of a query over the tables."""

    @abstractmethod
    def columns(self, query: str) -> dict[str, NDArray[Any]]:
        """A query's columns by name, as arrays."""

    @abstractmethod
    def digests(self) -> dict[str, tuple[str, int]]:
        """SHA-256 and bytes of every file that was read, by table (and part)."""

    @abstractmethod
    def holds(self, name: str) -> bool:
        """Whether the tables' folder holds a file called `name`."""

    def name(self, table: str) -> str:
        """The name of a table's file, without its folder."""
        return self.files[table].rpartition("/")[2]

    def at(self, text: str, row: int) -> str:
        """The text with the row's number in it, or nothing where rows have none."""
        return text.format(row) if self.numbered else ""

    def place(
        self, table: str, row: int, column: str, trouble: str, count: int = 1
    ) -> str:
        """A line on trouble in a file: where it is first, and how often there is."""
        where = f"{self.files[table]}{self.at(' row {}', row)}, column {column}"
        more = f" ({count:,} such rows)" if count > 1 else ""
        return f"{where}: {trouble}{more}"


def choose(data: str, names: Collection[str]) -> dict[str, str]:
    """By table, the one of the `names` in folder `data` that holds it.

    A name without an extension is a folder's. `test` may be missing. Raises
    InputError.
    """
    found = {table: _choose_one(data, names, table) for table in TABLES}
    return {table: name for table, name in found.items() if name}


def _choose_one(data: str, names: Collection[str], table: str) -> str | None:
    present = [table + e for e in (*EXTENSIONS, "") if table + e in names]
    if len(present) > 1:
        found = " and ".join(present)
        raise InputError(f"{data}: {found} are two formats of one table, expected one")
    if not present and table != "test":
        expected = ", ".join(EXTENSIONS)
        raise InputError(f"{data}/{table}: no such file, expected one of {expected}")
    return present[0] if present else None


def typed_columns(table: str) -> str:
    """The SQL that turns a table's texts into its typed columns."""
    return ", ".join(
        f"{kind.sql(name)} AS {name}" for name, kind in TABLES[table].items()
    )


def check_columns(present: Sequence[str], path: str, wanted: Iterable[str]) -> None:
    """Raise InputError where a wanted column is not there, or twice."""
    missing = ", ".join(name for name in wanted if name not in present)
    if missing:
        found = ", ".join(map(_shown, present[:MOST_NAMES])) or "none"
        raise InputError(f"{path}: no column {missing}; its columns: {found}")
    twice = ", ".join(name for name in wanted if present.count(name) > 1)
    if twice:
        raise InputError(f"{path}: column {twice} is there twice, expected once")


def check_cells(sales: Sales, table: str, source: str) -> None:
    """Raise InputError, a line a column, where a cell cannot be read.

    `source` is the SQL of the cells as texts, from which `table` was made.
    """
    kinds = TABLES[table]
    counts = ", ".join(f"count({column})" for column in kinds)
    total, *readable = sales.rows(f"SELECT count(*), {counts} FROM {table}")[0]
    problems = [
        _unreadable(sales, table, source, column, total - count)
        for column, count in zip(kinds, readable, strict=True)
        if count < total
    ]
    if problems:
        raise InputError("\n".join(problems))


def _unreadable(sales: Sales, table: str, source: str, column: str, count: int) -> str:
    """A line on the first of `count` cells that the column's kind cannot read."""
    kind = TABLES[table][column]
    row, value = sales.rows(
        f"SELECT row, {column} FROM (SELECT {sales.numbering} AS row, {column}"
        f" FROM {source}) WHERE ({kind.sql(column)}) IS NULL ORDER BY row LIMIT 1"
    )[0]
    shown = "empty" if value is None else _shown(value)
    trouble = f"{shown}, expected {kind.expected}"
    return sales.place(table, row, column, trouble, count)


def _shown(text: str) -> str:
    """The start of a cell's text, quoted."""
    cut = text[:MOST_CHARACTERS]
    return repr(cut) if cut == text else f"{cut!r}..."


def digest(path: Path) -> tuple[str, int]:
    """SHA-256, in hex, and bytes of a file."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return sha256, path.stat().st_size
