"""Builds a feature store as the build does, without a model."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from feature_store.aggregate import MonthlyTables, aggregate
from feature_store.checks import Checked, check
from feature_store.definitions import FEATURES
from feature_store.gather import LagTables, Pairs, fills, lag_tables
from feature_store.history import History, write_history
from feature_store.lookup import Store, decode
from feature_store.offline import (
    TrainingRows,
    every_pair,
    known_fill,
    read_listed,
    write_features,
)
from feature_store.progress import steps
from feature_store.sales import open_sales


@dataclass(frozen=True)
class Built:
    """A store, and what it was made from."""

    data: Path
    folder: Path
    checked: Checked
    tables: MonthlyTables
    month: int
    listed: Pairs
    lags: LagTables
    fill: object

    @property
    def features(self):
        return self.folder / "features.parquet"

    @cached_property
    def rows(self):
        """What the Parquet file holds."""
        return pd.read_parquet(self.features)

    def lookup(self):
        return Store(self.folder / "vectors")

    def history(self):
        return History.open(self.folder / "history")

    def training(self, month):
        """The month's training rows, and their targets as sold."""
        blocks = list(TrainingRows(self.tables).blocks([month]))
        rows = [pd.DataFrame(block.vectors, columns=FEATURES) for block in blocks]
        targets = [pd.Series(block.target) for block in blocks]
        return pd.concat(rows, ignore_index=True), pd.concat(targets, ignore_index=True)


def build_store(data, folder, month=None, pairs=None, only_listed=False):
    """The store of the sales in `data`; `pairs` is a file in place of `test`."""
    folder.mkdir(parents=True)
    with open_sales(data, pairs) as sales:
        checked = check(sales)
        month = checked.last_month + 1 if month is None else month
        tables = aggregate(sales, checked.first_month, month)
        listed = read_listed(sales, tables).pairs
    lags = lag_tables(tables, month)
    fill = known_fill(fills(lags, listed))
    built = Built(data, folder, checked, tables, month, listed, lags, fill)
    rows = listed if only_listed else every_pair(tables.catalogue)
    with steps() as shown:
        write_features(built.features, lags, fill, rows, listed, shown)
    decode(built.features, folder / "vectors")
    write_history(tables, folder / "history")
    return built
