"""The engine for sales that outgrow one machine: all that only Spark needs.

The queries and the checks are DuckDB's, the vectors come from the same function. Spark
has no row numbers: what is wrong is named by its value. Which Spark, where and how
large, is said by its usual configuration: SPARK_CONF_DIR, spark-defaults.conf.
"""

import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import monotonically_increasing_id
from pyspark.sql.pandas.types import from_arrow_schema

from feature_store.errors import BuildError, InputError, SalesError
from feature_store.gather import SCHEMA, LagTables, Pairs, filled, store_rows
from feature_store.progress import Steps
from feature_store.tables import (
    TABLES,
    Sales,
    check_cells,
    check_columns,
    choose,
    typed_columns,
)

PACKAGE = Path(__file__).resolve().parent
# Spark has no dictionary type: `basis` is text there.
SPARK_SCHEMA = pa.schema(
    pa.field(field.name, pa.string() if field.name == "basis" else field.type)
    for field in SCHEMA
)
# As strict as DuckDB: no cell more or less than the header has.
CSV = {"quote": '"', "escape": '"', "mode": "FAILFAST", "columnPruning": "false"}


@contextmanager
def session() -> Iterator[None]:
    """Have an active Spark session, whose workers know this code. Raises BuildError."""
    # pyspark has pandas imported, and nothing here goes through it.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
    # Else workers are started with whichever python3 the PATH holds.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with _said_as(BuildError, "Spark cannot start"):
        spark = SparkSession.builder.appName("salespredictor").getOrCreate()
    try:
        with TemporaryDirectory() as folder:
            packed = shutil.make_archive(
                f"{folder}/{PACKAGE.name}", "zip", PACKAGE.parent, PACKAGE.name
            )
            spark.sparkContext.addPyFile(packed)
            yield
    finally:
        spark.stop()


@contextmanager
def _said_as(error: type[SalesError], what: str) -> Iterator[None]:
    """Turn what Spark raises into one line."""
    try:
        yield
    except (PySparkException, Py4JError) as reason:
        raise error(f"{what}: {_plain(reason)}") from reason


def _plain(error: Exception) -> str:
    """The innermost cause that Spark names, in one line."""
    text = str(error)
    causes = re.findall(r"^Caused by: (?:[\w.$]+: )?(.+)$", text, re.MULTILINE)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (causes or lines or [type(error).__name__])[-1 if causes else 0][:300]


@dataclass(frozen=True)
class SparkSales(Sales):
    """A retailer's tables in Spark."""

    spark: SparkSession
    folder: str
    numbered: ClassVar[bool] = False
    numbering: ClassVar[str] = "monotonically_increasing_id()"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Every row of a query over the tables."""
        return [tuple(row) for row in self.spark.sql(query).collect()]

    def columns(self, query: str) -> dict[str, NDArray[Any]]:
        """A query's columns by name, as arrays."""
        found = self.spark.sql(query).toArrow()
        return {name: found[name].to_numpy() for name in found.column_names}

    def digests(self) -> dict[str, tuple[str, int]]:
        """SHA-256 and bytes of every file that was read, by table (and part)."""
        return {
            table + name.removeprefix(path): found
            for table, path in self.files.items()
            for name, found in _digests(self.spark, path)
        }

    def holds(self, name: str) -> bool:
        """Whether the tables' folder holds a file called `name`."""
        return bool(_file_system(self.spark, f"{self.folder}/{name}")[2])


@contextmanager
def open_sales(
    data: str, pairs: str | None = None, _spill: Path | None = None
) -> Iterator[SparkSales]:
    """The typed tables of the files in folder `data`, for as long as the block runs.

    `data` and `pairs`, which stands in for the folder's `test`, are any paths that
    Spark reads. Raises InputError and BuildError as the DuckDB engine does.
    """
    spark = SparkSession.active()
    folder = data.rstrip("/") or "/"
    with _said_as(InputError, folder):
        files = _find(spark, folder)
    if pairs is not None:
        files["test"] = pairs
    sales = SparkSales(files, spark, folder)
    with _said_as(BuildError, "Spark"):
        for table, path in files.items():
            with _said_as(InputError, path):
                _read(sales, table)
        yield sales
        spark.catalog.clearCache()


def _find(spark: SparkSession, folder: str) -> dict[str, str]:
    """The path of each table in `folder`; `test` may be missing."""
    path, system, exists = _file_system(spark, folder)
    if not exists:
        raise InputError(f"{folder}: no such folder")
    listed = {
        status.getPath().getName(): status.isDirectory()
        for status in system.listStatus(path)
    }
    names = [name for name, is_folder in listed.items() if is_folder or "." in name]
    return {table: f"{folder}/{name}" for table, name in choose(folder, names).items()}


def _file_system(spark: SparkSession, name: str) -> tuple[Any, Any, bool]:
    """Hadoop's path of that name, its file system, and whether there is such a one."""
    context: Any = spark.sparkContext
    path = context._jvm.org.apache.hadoop.fs.Path(name)
    system = path.getFileSystem(context._jsc.hadoopConfiguration())
    return path, system, system.exists(path)


def _digests(spark: SparkSession, name: str) -> Iterator[tuple[str, tuple[str, int]]]:
    """Path, SHA-256 and bytes of the file called `name`, or of the folder's files."""
    jvm: Any = spark.sparkContext._jvm
    path, system, _ = _file_system(spark, name)
    root = system.makeQualified(path).toString()
    files = system.listFiles(path, True)
    while files.hasNext():
        status = files.next()
        if status.getPath().getName().startswith(("_", ".")):
            continue
        stream = system.open(status.getPath())
        sha256 = jvm.org.apache.commons.codec.digest.DigestUtils.sha256Hex(stream)
        stream.close()
        part = status.getPath().toString().removeprefix(root)
        yield name + part, (sha256, status.getLen())


def _read(sales: SparkSales, table: str) -> None:
    """Make `table` from its file or folder: one column a kind."""
    path = sales.files[table]
    if not _file_system(sales.spark, path)[2]:
        raise InputError(f"{path}: no such file, expected a file")
    pattern = re.search(r"[\[\]{}*?\\]", path)
    if pattern:
        raise InputError(
            f"{path}: Spark takes {pattern[0]} for a pattern, expected a path without"
        )
    is_parquet = path.endswith(".parquet") or sales.name(table) == table
    read_cells = _parquet_cells if is_parquet else _csv_cells
    cells = read_cells(sales.spark, path, table)
    cells.createOrReplaceTempView(f"{table}_cells")
    typed = sales.spark.sql(f"SELECT {typed_columns(table)} FROM {table}_cells")
    numbered = typed.withColumn("rowid", monotonically_increasing_id())
    numbered.persist().createOrReplaceTempView(table)
    check_cells(sales, table, f"{table}_cells")


def _csv_cells(spark: SparkSession, path: str, table: str) -> DataFrame:
    """A CSV file's cells as texts, under the names of its first row."""
    # A name may hold a line end; a file without names can be read in pieces.
    reader = spark.read.options(**CSV, multiLine=table != "sales_train")
    first = reader.csv(path).first()
    header = [name or "" for name in first] if first else []
    check_columns(header, path, TABLES[table])
    # Columns that nobody asked for may be called anything, even the same.
    names = [n if n in TABLES[table] else f"column {i}" for i, n in enumerate(header)]
    return reader.csv(path, header=True).toDF(*names)


def _parquet_cells(spark: SparkSession, path: str, table: str) -> DataFrame:
    """The cells of a Parquet file, or of a folder's, as texts."""
    found = spark.read.parquet(path)
    check_columns(found.columns, path, TABLES[table])
    return found.select(*(found[name].cast("string") for name in TABLES[table]))


def write_features(
    path: Path,
    lags: LagTables,
    fill: NDArray[np.float32],
    pairs: Pairs,
    listed: Pairs,
    steps: Steps,
) -> None:
    """Write the pairs' vectors to folder `path`: `shop_id=5/part-*.parquet`, by item.

    `pairs` are sorted by shop. Each shop is a task, whose worker gathers its rows and
    writes them. Raises BuildError.
    """
    shops = np.unique(pairs.shops)
    rows = _rows(lags, fill, pairs, listed, shops)
    with steps.step("Writing the feature store"), _said_as(BuildError, "Spark"):
        writer = rows.write.partitionBy("shop_id").option("compression", "zstd")
        writer.parquet(path.resolve().as_uri())
    for mark in path.rglob("[._]*"):  # Spark's own checksums and marks
        mark.unlink()
    written = len(list(path.glob("shop_id=*/*.parquet")))
    if written < len(shops):
        raise BuildError(
            f"{path}: {written} of {len(shops)} shops are here; --out must be a folder"
            " that this machine shares with every Spark worker"
        )


def _rows(
    lags: LagTables,
    fill: NDArray[np.float32],
    pairs: Pairs,
    listed: Pairs,
    shops: NDArray[np.int32],
) -> DataFrame:
    """The store's rows as Spark will make them, a partition a shop."""
    spark = SparkSession.active()
    on_list = np.zeros(lags.sold.shape, np.bool_)
    on_list[listed.shops, listed.items] = True
    shared = spark.sparkContext.broadcast((filled(lags, fill), pairs, on_list))

    def gather(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        gaps, pairs, on_list = shared.value
        for shop in (i for batch in batches for i in batch["id"].to_pylist()):
            start, end = np.searchsorted(pairs.shops, [shops[shop], shops[shop] + 1])
            of_shop = Pairs(pairs.shops[start:end], pairs.items[start:end])
            for block in of_shop.blocks():
                found = store_rows(gaps, on_list, block)
                yield from found.cast(SPARK_SCHEMA).to_batches()

    schema = from_arrow_schema(SPARK_SCHEMA)
    return spark.range(0, len(shops), 1, len(shops)).mapInArrow(gather, schema)
