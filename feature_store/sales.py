"""Sales files in, typed tables out: finds, reads and types a retailer's files.

A folder holds `sales_train`, `items`, `shops`, `item_categories` and perhaps
`test`, each as .csv, .csv.gz or .parquet. Rows are counted from 1, the header
left out.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
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
        return self.parse.format(v=f'"{column}"')


ID = Kind(
    f"a whole number, 0 to {MAX_ID}",
    "CASE WHEN regexp_full_match({v}, '[0-9]{{1,10}}')"
    " THEN TRY_CAST({v} AS INTEGER) END",
)
NUMBER = Kind(
    "a number",
    "CASE WHEN regexp_full_match({v}, '[-+0-9.eE]+')"
    " AND isfinite(TRY_CAST({v} AS FLOAT)) THEN CAST({v} AS DOUBLE) END",
)
# Parquet's dates and times come as YYYY-MM-DD with or without an hour.
DATE = Kind(
    "a date, DD.MM.YYYY or YYYY-MM-DD",
    "CASE WHEN regexp_full_match({v}, '[0-9]{{1,2}}[.][0-9]{{1,2}}[.][0-9]{{4}}')"
    " THEN CAST(try_strptime({v}, '%d.%m.%Y') AS DATE)"
    " WHEN regexp_full_match({v}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([ T].*)?')"
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
    present = _columns(path)
    _check_columns(present, path, kinds)
    source = _source(path, present, kinds)
    columns = ", ".join(f"{kind.sql(name)} AS {name}" for name, kind in kinds.items())
    try:
        connection.execute(f"CREATE TABLE {table} AS SELECT {columns} FROM {source}")
        _check_cells(connection, source, path, table)
    except duckdb.Error as error:
        raise InputError(f"{path}: {_plain(error)}") from error


def _columns(path: Path) -> list[str]:
    """The names of a file's columns. Raises InputError where it cannot be read."""
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no such file"
        raise InputError(f"{path}: {kind}, expected a file")
    try:
        if path.suffix == ".parquet":
            return list(pq.read_schema(path).names)
        header = _header(path)
    except csv.Error as error:
        raise InputError(f"{path}: line 1 is no header: {error}") from error
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: not a whole Parquet file") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: {_NOT_GZIP}") from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    if any("\N{REPLACEMENT CHARACTER}" in name for name in header):
        raise InputError(f"{path}: {_NOT_TEXT.format(1)}")
    return header


def _header(path: Path) -> list[str]:
    """A CSV file's first row; bytes that are not UTF-8 as replacement characters."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as file:
        return next(csv.reader(file), [])


def _source(path: Path, present: list[str], kinds: Iterable[str]) -> str:
    """The SQL that reads a file's cells as text."""
    # A file's name is not a pattern.
    name = _quote("".join(f"[{c}]" if c in "*?[" else c for c in str(path)))
    if path.suffix == ".parquet":
        return f"(SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet({name}))"
    # Columns that nobody asked for may be called anything, even the same.
    columns = ", ".join(
        f"'{column if column in kinds else f'column {i}'}': 'VARCHAR'"
        for i, column in enumerate(present)
    )
    packing = "gzip" if path.suffix == ".gz" else "none"
    return (
        f"read_csv({name}, columns = {{{columns}}}, auto_detect = false,"
        f" compression = {packing}, header = true, delim = ',', quote = '\"',"
        " escape = '\"')"
    )


def _check_columns(present: list[str], path: Path, wanted: Iterable[str]) -> None:
    missing = ", ".join(name for name in wanted if name not in present)
    if missing:
        found = ", ".join(map(_shown, present[:MOST_NAMES])) or "none"
        raise InputError(f"{path}: no column {missing}; its columns: {found}")
    twice = ", ".join(name for name in wanted if present.count(name) > 1)
    if twice:
        raise InputError(f"{path}: column {twice} is there twice, expected once")


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
    shown = "empty" if value is None else _shown(value)
    return place(path, row, column, f"{shown}, expected {kind.expected}", count)


def place(path: Path, row: int, column: str, trouble: str, count: int = 1) -> str:
    """A line on trouble in a file: where it is first, and how often there is more."""
    more = f" ({count:,} such rows)" if count > 1 else ""
    return f"{path} row {row}, column {column}: {trouble}{more}"


def _shown(text: str) -> str:
    """The start of a cell's text, quoted."""
    cut = text[:MOST_CHARACTERS]
    return repr(cut) if cut == text else f"{cut!r}..."


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


_NOT_TEXT = "line {} is not UTF-8 text, expected a CSV file in UTF-8"
_NOT_GZIP = "not a whole gzip file"

# What DuckDB says of a file, and what we say.
_PLAIN = (
    (
        r"Line: (\d+) .*Number of Columns: (\d+) Found: (\d+)",
        "line {0} has {2} columns, expected {1}",
    ),
    (r"Line: (\d+) .*unterminated quote", "line {} has a quote that does not end"),
    (r"Line: (\d+) .*not utf-8", _NOT_TEXT),
    (r"invalid state", "not a CSV file, or one with mixed line ends"),
    (r"GZIP|[Ii]nflate|gzip", _NOT_GZIP),
)


def _plain(error: duckdb.Error) -> str:
    """What DuckDB says of a file, in one line."""
    text = " ".join(str(error).split())
    for pattern, sentence in _PLAIN:
        found = re.search(pattern, text)
        if found:
            return sentence.format(*found.groups())
    return re.split(r" Possible| LINE \d", text)[0][:300]


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
