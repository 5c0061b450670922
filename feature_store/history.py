"""What every pair sold in every month: written by the build, mapped by the service."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from feature_store.aggregate import MonthlyTables
from feature_store.arrays import load_array


def write_history(tables: MonthlyTables, out: Path) -> None:
    """Write folder `out`: the months' sums of counts, by pair, then month."""
    out.mkdir()
    ids = tables.catalogue
    key = pair_keys(ids.shops[tables.pair_shops], ids.items[tables.pair_items])
    rows = np.diff(tables.pair_starts)
    month = np.repeat(np.arange(tables.first_month, tables.last_month + 1), rows)
    order = np.lexsort((month, key))
    keys, starts = np.unique(key[order], return_index=True)
    np.save(out / "keys.npy", keys)
    np.save(out / "starts.npy", np.append(starts, len(key)))
    np.save(out / "months.npy", month[order].astype(np.int32))
    np.save(out / "units.npy", tables.pair_counts[order].astype(np.float32))
    months = {"first_month": tables.first_month, "last_month": tables.last_month}
    (out / "months.json").write_text(json.dumps(months))


def pair_keys(
    shop_ids: NDArray[np.int32], item_ids: NDArray[np.int32]
) -> NDArray[np.int64]:
    """One number a pair, in the order of (shop_id, item_id)."""
    return shop_ids.astype(np.int64) << 32 | item_ids


@dataclass(frozen=True)
class History:
    """Monthly units of every pair; months are `date_block_num`."""

    first_month: int
    last_month: int
    keys: NDArray[np.int64]
    starts: NDArray[np.int64]
    months: NDArray[np.int32]
    units: NDArray[np.float32]

    @classmethod
    def open(cls, folder: Path) -> "History":
        """Map the folder that `write_history` wrote. Raises ArtifactError."""
        names = ("keys", "starts", "months", "units")
        months = json.loads((folder / "months.json").read_text())
        arrays = (load_array(folder / f"{name}.npy") for name in names)
        return cls(months["first_month"], months["last_month"], *arrays)

    def pair(self, shop_id: int, item_id: int) -> NDArray[np.float32]:
        """The pair's units in each month, first to last; 0 where it sold nothing."""
        units = np.zeros(self.last_month - self.first_month + 1, np.float32)
        key = shop_id << 32 | item_id
        at = int(np.searchsorted(self.keys, key))
        if at < len(self.keys) and self.keys[at] == key:
            rows = slice(self.starts[at], self.starts[at + 1])
            units[self.months[rows] - self.first_month] = self.units[rows]
        return units
