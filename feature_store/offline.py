"""The offline build: checked sales in, `features.parquet` out.

One row a pair, sorted by (shop_id, item_id): the 44 columns by name in order, then
`basis` and `listed`. The four keys are int32, the others float32; none is null.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from feature_store.aggregate import CatalogueIds, MonthlyTables, positions_of
from feature_store.ahead import ahead
from feature_store.definitions import FEATURES, KEYS, TARGET_RANGE
from feature_store.gather import (
    SCHEMA,
    Filled,
    LagTables,
    Pairs,
    cross,
    filled,
    fills,
    grid,
    keys,
    lag_tables,
    store_rows,
    vectors,
)
from feature_store.months import Calendar
from feature_store.progress import Steps
from feature_store.tables import Sales

_TRAINING_COLUMNS = (pa.field("target", pa.float32()), pa.field("month", pa.string()))

# Months before the first training row; less where the data are short.
DELAY = 13
SHORT_DELAY = 6
SHORT_DATA = 19


@dataclass(frozen=True)
class Block:
    """Training rows of one month, at most BLOCK_ROWS of them.

    `vectors` (rows, 44) float32; `target` (rows,) float32, units, as sold.
    """

    lags: LagTables
    pairs: Pairs
    vectors: NDArray[np.float32]
    target: NDArray[np.float32]

    @property
    def month(self) -> int:
        """Its `date_block_num`."""
        return self.lags.month

    @property
    def keys(self) -> dict[str, NDArray[np.int32]]:
        """The four leading values by name, exact."""
        return keys(self.lags, self.pairs)

    @property
    def clipped(self) -> NDArray[np.float32]:
        """The target as the model learns it: clipped to TARGET_RANGE."""
        return self.target.clip(*TARGET_RANGE)


@dataclass(frozen=True)
class Listed:
    """The forecast month's assortment: its pairs, and where they come from."""

    pairs: Pairs
    source: str


def read_listed(sales: Sales, tables: MonthlyTables) -> Listed:
    """The pairs of `test`; without one, the shops x the items of the last month."""
    if "test" not in sales.files:
        month = tables.last_month
        return Listed(grid(tables, month), "shops and items of the last month")
    query = "SELECT shop_id, item_id FROM test ORDER BY shop_id, item_id"
    rows = sales.columns(query)
    catalogue = tables.catalogue
    pairs = Pairs(
        positions_of(catalogue.shops, rows["shop_id"]),
        positions_of(catalogue.items, rows["item_id"]),
    )
    return Listed(pairs, sales.name("test"))


def every_pair(catalogue: CatalogueIds) -> Pairs:
    """Each shop of the catalogue with each item."""
    return cross(np.arange(len(catalogue.shops)), np.arange(len(catalogue.items)))


def sold_in(tables: MonthlyTables, month: int) -> NDArray[np.float32]:
    """What every pair sold in a month: (shops, items), units, 0 where nothing."""
    catalogue = tables.catalogue
    sold = np.zeros((len(catalogue.shops), len(catalogue.items)), np.float32)
    shops, items, units = tables.pairs(month)
    sold[shops, items] = units
    return sold


class TrainingRows:
    """The grids of past months as vectors and what was sold, month by month.

    A missing price is the median of its own month's grid. Where all months together
    have more rows than `at_most`, each gives an even share, the same for a seed.
    """

    def __init__(
        self, tables: MonthlyTables, at_most: int = 10**12, seed: int = 0
    ) -> None:
        self.tables = tables
        rows = sum(len(grid(tables, month)) for month in self.months())
        self._share = min(1.0, at_most / max(rows, 1))
        self._seed = seed
        self._fills: dict[int, NDArray[np.float32]] = {}  # a month's never change

    def months(self) -> tuple[int, ...]:
        """The months to train on, first to last; those without sales left out."""
        first, last = self.tables.first_month, self.tables.last_month
        short = last - first + 1 <= SHORT_DATA
        late = range(first + (SHORT_DELAY if short else DELAY), last + 1)
        return tuple(month for month in late if len(grid(self.tables, month)))

    def blocks(self, months: Iterable[int]) -> Iterator[Block]:
        """The rows of `months`, in order, in pieces."""
        return ahead(self._makers(months))

    def _makers(self, months: Iterable[int]) -> Iterator[Callable[[], Block]]:
        """What makes each block of `months`."""
        for month in months:
            lags, pairs = lag_tables(self.tables, month), grid(self.tables, month)
            if month not in self._fills:
                self._fills[month] = known_fill(fills(lags, pairs))
            gaps = filled(lags, self._fills[month])
            sold = sold_in(self.tables, month)
            for block in self._drawn(month, pairs).blocks():
                yield partial(_make, gaps, sold, block)

    def targets(self, months: Iterable[int]) -> NDArray[np.float32]:
        """What the rows of `months` sold, in their order: units, not clipped."""
        sold = []
        for month in months:
            pairs = self._drawn(month, grid(self.tables, month))
            sold.append(sold_in(self.tables, month)[pairs.shops, pairs.items])
        return np.concatenate(sold)

    def _drawn(self, month: int, pairs: Pairs) -> Pairs:
        if self._share == 1.0:
            return pairs
        random = np.random.default_rng((self._seed, month))
        return pairs.take(random.random(len(pairs)) < self._share)


def _make(gaps: Filled, sold: NDArray[np.float32], pairs: Pairs) -> Block:
    target = sold[pairs.shops, pairs.items]
    return Block(gaps.lags, pairs, vectors(gaps, pairs), target)


def write_training_rows(
    path: Path, rows: TrainingRows, calendar: Calendar, steps: Steps
) -> None:
    """Write every training row to the Parquet file `path`, whole or not at all.

    The 44 columns by name in order, then `target` (units, clipped, float32) and
    `month` (YYYY-MM).
    """
    schema = pa.schema([*list(SCHEMA)[: len(FEATURES)], *_TRAINING_COLUMNS])
    months = rows.months()
    aside = path.with_name(f".{path.name}.part")
    try:
        with pq.ParquetWriter(aside, schema, compression="zstd") as writer:
            for month in steps.track("Writing training rows", months, len(months)):
                for block in rows.blocks([month]):
                    name = calendar.name(month)
                    writer.write_table(_training_table(block, name, schema))
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _training_table(block: Block, month: str, schema: pa.Schema) -> pa.Table:
    columns = [pa.array(block.vectors[:, i]) for i in range(len(FEATURES))]
    columns[: len(KEYS)] = [pa.array(key) for key in block.keys.values()]
    columns += [pa.array(block.clipped), pa.array([month] * len(block.target))]
    return pa.Table.from_arrays(columns, schema=schema)


def known_fill(fill: NDArray[np.float32]) -> NDArray[np.float32]:
    """The fills with 0 where no row has the price."""
    return np.nan_to_num(fill)


def write_features(
    path: Path,
    lags: LagTables,
    fill: NDArray[np.float32],
    pairs: Pairs,
    listed: Pairs,
    steps: Steps,
) -> None:
    """Write the pairs' vectors, in their order, to the Parquet file `path`."""
    on_list = np.zeros(lags.sold.shape, np.bool_)
    on_list[listed.shops, listed.items] = True
    blocks = list(pairs.blocks())
    gaps = filled(lags, fill)
    tables = ahead(partial(store_rows, gaps, on_list, block) for block in blocks)
    # Dictionaries of prices and counts take a quarter of the time to save a sixth.
    named = [*KEYS, "basis"]
    with pq.ParquetWriter(
        path, SCHEMA, compression="zstd", use_dictionary=named
    ) as writer:
        for table in steps.track("Writing the feature store", tables, len(blocks)):
            writer.write_table(table)
