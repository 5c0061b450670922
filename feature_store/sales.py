"""Sales files in, typed tables out: finds, reads and types a retailer's files.

A folder holds `sales_train`, `items`, `shops`, `item_categories` and perhaps
`test`, each as .csv, .csv.gz or .parquet. Rows are counted from 1, the header
left out.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from numpy.typing import NDArray

from feature_store.definitions import MAX_ID
from feature_store.errors import InputError

EXTENSIONS = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True)
class Kind:
    """How a cell's text becomes a value; unreadable text becomes NULL."""

    expected: str
    parse: str  # SQL, with {v} for the text

    def sql(self, column: str) -> str:
        return self.parse.format(v=f'"{column}"')


ID = Kind(
    f"a whole number, 0 to {MAX_ID}",
    "CASE WHEN regexp_full_match({v}, '[0-9]{{1,10}}')"
    " THEN TRY_CAST({v} AS INTEGER) END",
)
NUMBER = Kind(
    "a number",
    "CASE WHEN regexp_full_match({v}, '[-+0-9.eE]+')"
    " AND isfinite(TRY_CAST({v} AS DOUBLE)) THEN CAST({v} AS DOUBLE) END",
)
DATE = Kind(
    "a date, DD.MM.YYYY",
    "CAST(coalesce(try_strptime({v}, '%d.%m.%Y'), TRY_CAST({v} AS TIMESTAMP)) AS DATE)",
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
class Sales:
    """A retailer's tables in DuckDB, one a file, under the file's own name."""

    connection: duckdb.DuckDBPyConnection
    files: dict[str, Path]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Every row of a query over the tables."""
        return _rows(self.connection, query)

    def columns(self, query: str) -> dict[str, NDArray[Any]]:
        """A query's columns by name, as arrays."""
        return self.connection.execute(query).fetchnumpy()


@contextmanager
def open_sales(
    data: Path, pairs: Path | None = None, spill: Path | None = None
) -> Iterator[Sales]:
    """The typed tables of the files in folder `data`, for as long as the block runs.

    `pairs` stands in for the folder's `test`; `spill` is where DuckDB may write
    what memory cannot hold. Raises InputError for a missing or doubled file, a
    missing column, or a cell that its column's kind cannot read.
    """
    files = find(data)
    if pairs is not None:
        files["test"] = pairs
    with duckdb.connect() as connection:
        if spill is not None:
            connection.execute(f"SET temp_directory = {_quote(str(spill))}")
        connection.execute("SET enable_progress_bar = false")
        for table, path in files.items():
            _read(connection, table, path)
        yield Sales(connection, files)


def find(data: Path) -> dict[str, Path]:
    """The one file of each table in folder `data`; `test` may be missing."""
    if not data.is_dir():
        raise InputError(f"{data}: no such folder")
    found = {table: _find_one(data, table) for table in TABLES}
    return {table: path for table, path in found.items() if path is not None}


def _find_one(data: Path, table: str) -> Path | None:
    present = [data / (table + e) for e in EXTENSIONS if (data / (table + e)).exists()]
    if len(present) > 1:
        names = " and ".join(path.name for path in present)
        raise InputError(f"{data}: {names} are two formats of one table, expected one")
    if not present and table != "test":
        expected = ", ".join(EXTENSIONS)
        raise InputError(f"{data / table}: no such file, expected one of {expected}")
    return present[0] if present else None


def _read(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    """Make `table` from the file: one column a kind, rowid in the file's order."""
    kinds = TABLES[table]
    try:
        source = _source(path)
        described = _rows(connection, f"DESCRIBE SELECT * FROM {source}")
        _check_columns([row[0] for row in described], path, kinds)
        columns = ", ".join(
            f"{kind.sql(name)} AS {name}" for name, kind in kinds.items()
        )
        connection.execute(f"CREATE TABLE {table} AS SELECT {columns} FROM {source}")
        _check_cells(connection, source, path, table)
    except duckdb.Error as error:
        raise InputError(f"{path}: {_plain(error)}") from error


def _source(path: Path) -> str:
    """The SQL that reads a file's cells, as text where it is a CSV."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    # A file's name is not a pattern.
    name = "".join(f"[{c}]" if c in "*?[" else c for c in str(path))
    if path.suffix == ".parquet":
        return f"(SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet({_quote(name)}))"
    return (
        f"read_csv({_quote(name)}, all_varchar = true, header = true, delim = ',',"
        " quote = '\"', escape = '\"', skip = 0, comment = '')"
    )


def _check_columns(present: list[str], path: Path, wanted: Iterable[str]) -> None:
    missing = [name for name in wanted if name not in present]
    if missing:
        raise InputError(
            f"{path}: no column {', '.join(missing)}; its columns: {', '.join(present)}"
        )


def _check_cells(
    connection: duckdb.DuckDBPyConnection, source: str, path: Path, table: str
) -> None:
    kinds = TABLES[table]
    total, *readable = _rows(
        connection,
        f"SELECT count(*), {', '.join(f'count({c})' for c in kinds)} FROM {table}",
    )[0]
    problems = [
        _unreadable(connection, source, path, column, kind, total - count)
        for (column, kind), count in zip(kinds.items(), readable, strict=True)
        if count < total
    ]
    if problems:
        raise InputError("\n".join(problems))


def _unreadable(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    path: Path,
    column: str,
    kind: Kind,
    count: int,
) -> str:
    """A line on the first of `count` cells that the column's kind cannot read."""
    row, value = _rows(
        connection,
        f'SELECT row, "{column}" FROM (SELECT row_number() OVER () AS row, "{column}"'
        f" FROM {source}) WHERE ({kind.sql(column)}) IS NULL ORDER BY row LIMIT 1",
    )[0]
    shown = "empty" if value is None else repr(value)
    return place(path, row, column, f"{shown}, expected {kind.expected}", count)


def place(path: Path, row: int, column: str, trouble: str, count: int = 1) -> str:
    """A line on trouble in a file: where it is first, and how often there is more."""
    more = f" ({count:,} such rows)" if count > 1 else ""
    return f"{path} row {row}, column {column}: {trouble}{more}"


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def _plain(error: duckdb.Error) -> str:
    """What DuckDB says of a file, in one line."""
    text = " ".join(str(error).split())
    wrong_width = re.search(
        r"Line: (\d+).*Expected Number of Columns: (\d+) Found: (\d+)", text
    )
    if wrong_width:
        line, expected, found = wrong_width.groups()
        return f"line {line} has {found} columns, expected {expected}"
    return text.partition(" Possible")[0][:300]


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
