"""Our way to what `bench_peers/pandas_features.py` makes, in a process of its own."""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from feature_store.aggregate import MonthlyTables, aggregate
from feature_store.checks import check
from feature_store.definitions import KEYS, LAG_FEATURES
from feature_store.gather import fills, lag_tables
from feature_store.offline import (
    TrainingRows,
    every_pair,
    known_fill,
    read_listed,
    write_features,
)
from feature_store.progress import steps
from feature_store.sales import open_sales


def write_store(data: Path, out: Path) -> MonthlyTables:
    """Write the forecast month's vectors of every pair; returns the monthly tables."""
    with open_sales(data) as sales, steps() as shown:
        checked = check(sales)
        month = checked.last_month + 1
        tables = aggregate(sales, checked.first_month, month)
        listed = read_listed(sales, tables).pairs
        lags = lag_tables(tables, month)
        fill = known_fill(fills(lags, listed))
        write_features(out, lags, fill, every_pair(tables.catalogue), listed, shown)
    return tables


def iterate(tables: MonthlyTables) -> tuple[int, NDArray[np.float64]]:
    """Go through the training rows once: how many, and each value's sum."""
    rows, sums = 0, np.zeros(len(LAG_FEATURES) + 1)
    training = TrainingRows(tables)
    for block in training.blocks(training.months()):
        rows += len(block.target)
        lag_values = block.vectors[:, len(KEYS) :]
        sums[:-1] += np.einsum("rv->v", lag_values, dtype=np.float64)
        sums[-1] += block.clipped.sum(dtype=np.float64)
    return rows, sums


def main() -> None:
    """Write the store, go through the training rows, print their sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    rows, sums = iterate(write_store(args.data, args.out))
    named = dict(zip((*LAG_FEATURES, "target"), sums.tolist(), strict=True))
    print(json.dumps({"rows": rows, "sums": named}))


if __name__ == "__main__":
    main()
