"""Pairs of a build, and the bodies that ask for them."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from feature_store.lookup import Store

MANY = 5000  # different pairs that are asked for in turn


class Pairs:
    """The listed pairs of a build's store: some of them at random, or all in order.

    The random order is the same each time; all are by shop, then item.
    """

    def __init__(self, build: Path) -> None:
        self.store = Store(build / "vectors")
        listed = [self.store.listed_of_shop(shop) for shop in self.store.shops.tolist()]
        self._ordered = np.concatenate(listed)
        self._random = np.random.default_rng(1).permutation(self._ordered)

    def __len__(self) -> int:
        return len(self._ordered)

    def positions(self, count: int) -> NDArray[np.intp]:
        """Where `count` of the pairs are in the store."""
        return self._ordered if count == len(self) else self._random[:count]

    def ids(self, count: int) -> list[tuple[int, int]]:
        """Their (shop_id, item_id)."""
        some = self.positions(count)
        shops, items = self.store.shop_ids(some), self.store.item_ids(some)
        return list(zip(shops.tolist(), items.tolist(), strict=True))

    def objects(self, count: int) -> list[dict[str, int]]:
        """The same as JSON holds them."""
        return [{"shop_id": shop, "item_id": item} for shop, item in self.ids(count)]

    def vectors(self, count: int) -> list[list[float]]:
        """Their vectors, (count, 44), as a client posts them."""
        values = self.store.vectors(self.positions(count))
        return [[float(f"{value:.9g}") for value in row] for row in values]

    def batch(self, count: int) -> bytes:
        """One JSON body that asks for `count` pairs."""
        return json.dumps(self.objects(count), separators=(",", ":")).encode()

    def csv(self, count: int) -> bytes:
        """The same as CSV."""
        lines = [f"{shop},{item}" for shop, item in self.ids(count)]
        return "\n".join(["shop_id,item_id", *lines, ""]).encode()

    def arrow(self, count: int) -> bytes:
        """The same as an Arrow stream."""
        some = self.positions(count)
        ids = {
            "shop_id": self.store.shop_ids(some),
            "item_id": self.store.item_ids(some),
        }
        table, out = pa.table(ids), pa.BufferOutputStream()
        with pa.ipc.new_stream(out, table.schema) as stream:
            stream.write_table(table)
        content: bytes = out.getvalue().to_pybytes()
        return content

    def numbers(self, count: int) -> bytes:
        """The same pairs as the original took them: 44 numbers each."""
        return json.dumps({"input": self.vectors(count)}).encode()

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Files of bodies, one a line: of ids, and of numbers."""
        ids, numbers = folder / "ids.txt", folder / "numbers.txt"
        some = min(MANY, len(self))
        ids.write_text(_lines(self.objects(some)))
        numbers.write_text(_lines([{"input": [row]} for row in self.vectors(some)]))
        return ids, numbers


def _lines(bodies: list[dict[str, int]] | list[dict[str, list[list[float]]]]) -> str:
    return "".join(json.dumps(body, separators=(",", ":")) + "\n" for body in bodies)
