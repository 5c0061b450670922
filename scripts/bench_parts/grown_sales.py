"""Made-up growth: the same sales with more rows or more items, in a process of its own.

Its memory would otherwise be the least that is measured of any command run later.
"""

import argparse
import shutil
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

TABLES = ("items", "shops", "item_categories")


def write_grown(data: Path, what: str, times: int, out: Path) -> None:
    """Write sales with `times` the daily rows, or the pairs of a shop and item.

    For more pairs each item is there several times, and each of its daily rows goes
    to one of them; the daily rows stay as many.
    """
    for table in TABLES:
        shutil.copy(data / f"{table}.csv", out)
    sales = pd.read_csv(data / "sales_train.csv.gz")
    if what == "pairs":
        items = pd.read_csv(data / "items.csv")
        step = int(items.item_id.max()) + 1
        copies = [items.assign(item_id=items.item_id + step * i) for i in range(times)]
        pd.concat(copies).to_csv(out / "items.csv", index=False)
        drawn = np.random.default_rng(1).integers(0, times, len(sales))
        sales["item_id"] += step * drawn
    else:
        sales = sales.loc[sales.index.repeat(times)]
    sales.to_parquet(out / "sales_train.parquet", index=False)


def main() -> None:
    """Write the grown sales into an existing folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("what", choices=["daily rows", "pairs"])
    parser.add_argument("times", type=int)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    write_grown(args.data, args.what, args.times, args.out)


if __name__ == "__main__":
    main()
