"""The pandas way to the same features: one frame of every month's grid, merged.

Reads DIR's sales_train.csv.gz, items.csv, shops.csv and perhaps test.csv.gz; writes
the forecast month's vectors of every pair to a Parquet file, goes through the training
rows once, and prints how many they are and each column's sum, as JSON.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

PAIR = ["shop_id", "item_id"]
KEYS = ["date_block_num", *PAIR]
LAGS = (1, 2, 3, 6)
FIRST_TRAINED = 13  # months after the first


def read(data: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The daily rows with each item's category, items and shops."""
    items = pd.read_csv(data / "items.csv").drop(columns="item_name")
    sales = pd.read_csv(data / "sales_train.csv.gz").drop(columns="date")
    return sales.merge(items, on="item_id"), items, pd.read_csv(data / "shops.csv")


def grid_of(daily: pd.DataFrame) -> pd.DataFrame:
    """Every shop with a row in a month x every item with one, month after month."""
    months = [
        pd.MultiIndex.from_product(
            [[month], rows.shop_id.unique(), rows.item_id.unique()], names=KEYS
        ).to_frame(index=False)
        for month, rows in daily.groupby("date_block_num")
    ]
    return pd.concat(months, ignore_index=True).astype(np.int32)


def with_aggregates(
    grid: pd.DataFrame, daily: pd.DataFrame, items: pd.DataFrame
) -> pd.DataFrame:
    """The grid with the pair's count and the statistics of its item, shop, category."""
    pairs = daily.groupby(KEYS, as_index=False).item_cnt_day.sum()
    grid = grid.merge(small(pairs), on=KEYS, how="left").fillna({"item_cnt_day": 0})
    grid = grid.merge(small(items), on="item_id", how="left")
    for entity in ("item_id", "shop_id", "item_category_id"):
        by = ["date_block_num", entity]
        found = daily.groupby(by, as_index=False).agg(
            avg_item_price=("item_price", "mean"),
            sum_item_cnt_day=("item_cnt_day", "sum"),
            avg_item_cnt_day=("item_cnt_day", "mean"),
        )
        names = {name: f"{entity}_{name}" for name in found.columns[2:]}
        grid = grid.merge(small(found.rename(columns=names)), on=by, how="left")
    return grid


def with_lags(rows: pd.DataFrame, grid: pd.DataFrame) -> pd.DataFrame:
    """The rows with every value of their grid row some months earlier."""
    values = [c for c in grid.columns if "_avg_" in c or "_sum_" in c]
    for lag in LAGS:
        earlier = grid[[*KEYS, *values, "item_cnt_day"]].copy()
        earlier["date_block_num"] += lag
        names = {name: f"{name}_lag_{lag}" for name in [*values, "item_cnt_day"]}
        rows = rows.merge(earlier.rename(columns=names), on=KEYS, how="left")
    return rows


def filled(rows: pd.DataFrame, listed: pd.DataFrame | None) -> pd.DataFrame:
    """No gaps: 0, or a price's median over the month, or over its `listed` pairs."""
    prices = [name for name in rows.columns if "_avg_item_price_lag_" in name]
    if listed is None:
        medians = rows.groupby("date_block_num")[prices].transform("median")
    else:
        medians = rows.merge(listed[PAIR], on=PAIR)[prices].median()
    return rows.fillna(medians).fillna(0)


def small(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame in 32-bit numbers."""
    return frame.astype(
        {
            name: np.int32 if pd.api.types.is_integer_dtype(kind) else np.float32
            for name, kind in frame.dtypes.items()
        }
    )


def every_pair(shops: pd.DataFrame, items: pd.DataFrame, month: int) -> pd.DataFrame:
    """Every shop with every item, sorted, with its category."""
    product = [[month], sorted(shops.shop_id), sorted(items.item_id)]
    pairs = pd.MultiIndex.from_product(product, names=KEYS).to_frame(index=False)
    return small(pairs.merge(items, on="item_id", how="left"))


def listed_pairs(data: Path, grid: pd.DataFrame) -> pd.DataFrame:
    """The pairs of test; without one, the last month's grid."""
    test = data / "test.csv.gz"
    if test.exists():
        return pd.read_csv(test)
    return grid[grid.date_block_num == grid.date_block_num.max()]


def main() -> None:
    """Write the store, go through the training rows, print their sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    daily, items, shops = read(args.data)
    grid = with_aggregates(grid_of(daily), daily, items)
    first, last = daily.date_block_num.min(), daily.date_block_num.max()
    pairs = every_pair(shops, items, last + 1)
    store = filled(with_lags(pairs, grid), listed_pairs(args.data, grid))
    store.to_parquet(args.out, index=False)
    late = grid[grid.date_block_num >= first + FIRST_TRAINED]
    rows = filled(with_lags(late, grid), None)
    rows["target"] = rows.item_cnt_day.clip(0, 20)
    columns = [name for name in rows.columns if "_lag_" in name or name == "target"]
    sums = {
        name: float(rows[name].to_numpy().sum(dtype=np.float64)) for name in columns
    }
    print(json.dumps({"rows": len(rows), "sums": sums}))


if __name__ == "__main__":
    main()
