"""Sales files in, typed tables out, in DuckDB: finds, reads and types a folder's files.

Rows are counted from 1, the header left out; those of a folder of Parquet files
through all of them, in the order of their names.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from feature_store.errors import BuildError, InputError
from feature_store.tables import (
    TABLES,
    Sales,
    check_cells,
    check_columns,
    choose,
    digest,
    typed_columns,
)


@dataclass(frozen=True)
class DuckDBSales(Sales):
    """A retailer's tables in DuckDB."""

    connection: duckdb.DuckDBPyConnection
    numbered: ClassVar[bool] = True
    numbering: ClassVar[str] = "row_number() OVER ()"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Every row of a query over the tables."""
        return self.connection.execute(query).fetchall()

    def columns(self, query: str) -> dict[str, NDArray[Any]]:
        """A query's columns by name, as arrays."""
        return self.connection.execute(query).fetchnumpy()

    def digests(self) -> dict[str, tuple[str, int]]:
        """SHA-256 and bytes of every file that was read, by table (and part)."""
        return {
            table if part == Path(path) else f"{table}/{part.name}": digest(part)
            for table, path in self.files.items()
            for part in _parts(Path(path))
        }

    def holds(self, name: str) -> bool:
        """Whether the tables' folder holds a file called `name`."""
        return Path(self.files["sales_train"]).with_name(name).exists()


@contextmanager
def open_sales(
    data: Path | str, pairs: Path | str | None = None, spill: Path | None = None
) -> Iterator[DuckDBSales]:
    """The typed tables of the files in folder `data`, for as long as the block runs.

    `pairs` stands in for the folder's `test`; `spill` is where DuckDB may write
    what memory cannot hold. Raises InputError for a missing or doubled file, a
    missing column, or a cell that its column's kind cannot read, and BuildError
    where DuckDB cannot go on.
    """
    files = find(Path(data))
    if pairs is not None:
        files["test"] = str(pairs)
    try:
        with duckdb.connect() as connection:
            if spill is not None:
                connection.execute(f"SET temp_directory = {_quote(str(spill))}")
            connection.execute("SET enable_progress_bar = false")
            connection.execute(_REGEXP_LIKE)
            sales = DuckDBSales(files, connection)
            for table in files:
                _read(sales, table)
            yield sales
    except duckdb.Error as error:
        raise BuildError(f"DuckDB: {str(error).splitlines()[0]}") from error


def find(data: Path) -> dict[str, str]:
    """The path of each table in folder `data`; `test` may be missing."""
    if not data.is_dir():
        raise InputError(f"{data}: no such folder")
    names = [path.name for path in data.iterdir() if path.suffix or path.is_dir()]
    return {table: str(data / name) for table, name in choose(str(data), names).items()}


def _parts(path: Path) -> list[Path]:
    """The files of a table: the one at `path`, or the Parquet files of that folder."""
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]


def _read(sales: DuckDBSales, table: str) -> None:
    """Make `table` from its file: one column a kind, rowid in the file's order."""
    path = Path(sales.files[table])
    kinds = TABLES[table]
    present = _columns(path)
    check_columns(present, str(path), kinds)
    source = _source(path, present, kinds)
    try:
        sales.rows(
            f"CREATE TABLE {table} AS SELECT {typed_columns(table)} FROM {source}"
        )
        check_cells(sales, table, source)
    except duckdb.Error as error:
        raise InputError(f"{path}: {_plain(error)}") from error


def _columns(path: Path) -> list[str]:
    """The names of a file's columns. Raises InputError where it cannot be read."""
    parts = _parts(path)
    if not parts:
        raise InputError(f"{path}: a folder without .parquet files, expected a file")
    if not path.exists():
        raise InputError(f"{path}: no such file, expected a file")
    try:
        if parts[0].suffix == ".parquet":
            return list(pq.read_schema(parts[0]).names)
        header = _header(path)
    except csv.Error as error:
        raise InputError(f"{path}: line 1 is no header: {error}") from error
    except pa.ArrowInvalid as error:
        raise InputError(f"{parts[0]}: not a whole Parquet file") from error
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
    parts = _parts(path)
    names = ", ".join(_quote(_literal(str(part))) for part in parts)
    if parts[0].suffix == ".parquet":
        return f"(SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet([{names}]))"
    # Columns that nobody asked for may be called anything, even the same.
    columns = ", ".join(
        f"'{column if column in kinds else f'column {i}'}': 'VARCHAR'"
        for i, column in enumerate(present)
    )
    packing = "gzip" if path.suffix == ".gz" else "none"
    return (
        f"read_csv({names}, columns = {{{columns}}}, auto_detect = false,"
        f" compression = {packing}, header = true, delim = ',', quote = '\"',"
        " escape = '\"')"
    )


def _literal(name: str) -> str:
    """A file's name for DuckDB, which takes names as patterns."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


# Spark's name for it.
_REGEXP_LIKE = "CREATE MACRO regexp_like(v, pattern) AS regexp_matches(v, pattern)"

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
