"""The engines that hold a retailer's tables and write its store: DuckDB or Spark."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from feature_store import offline, sales
from feature_store.gather import LagTables, Pairs
from feature_store.progress import Steps
from feature_store.tables import Sales

ENGINES = ("duckdb", "spark")


@dataclass(frozen=True)
class Engine:
    """What a build asks of an engine: the tables at its start, the store at its end."""

    package: str  # its name as installed
    open_sales: Callable[
        [str, str | None, Path | None], AbstractContextManager[Sales]
    ]  # data, pairs, spill
    write_features: Callable[
        [Path, LagTables, NDArray[np.float32], Pairs, Pairs, Steps], None
    ]  # path, lags, fill, pairs, listed, steps


@contextmanager
def started(name: str) -> Iterator[Engine]:
    """The engine `name`, one of ENGINES, for as long as the block runs."""
    if name == "duckdb":
        yield Engine("duckdb", sales.open_sales, offline.write_features)
        return
    # pyspark is installed only where Spark was asked for.
    from feature_store import spark  # noqa: PLC0415

    with spark.session():
        yield Engine("pyspark", spark.open_sales, spark.write_features)
