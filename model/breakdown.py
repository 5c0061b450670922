"""Where a past month's errors are: by what the rows rest on, category, price, size."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from feature_store.aggregate import MonthlyTables
from feature_store.definitions import BASIS, LAGS, TARGET_RANGE
from feature_store.gather import (
    Pairs,
    basis,
    filled,
    fills,
    grid,
    lag_tables,
    vectors,
)
from feature_store.offline import every_pair, known_fill, sold_in
from model.evaluation import score
from model.intervals import LOWER, UPPER, Intervals
from model.manifest import Coverage, Part
from model.training import Forecast

Floats = NDArray[np.float32]
Predict = Callable[[Floats], Floats]  # vectors (rows, 44) to raw predictions (rows,)

DECILES = 10
PRICE_BANDS = 5
# From here on an interval says more than "most likely none".
HALF = 0.5


class CategoryPart(Part, frozen=True, kw_only=True):
    """The errors of one category's rows."""

    item_category_id: int


def part(name: str, predicted: Floats, actual: Floats) -> Part:
    """The errors of rows, at least one; both arrays have shape (rows,), clipped."""
    scores = score(name, predicted, actual)
    return Part(
        **msgspec.structs.asdict(scores),
        rows=len(actual),
        predicted=float(predicted.mean(dtype=np.float64)),
        actual=float(actual.mean(dtype=np.float64)),
    )


def by_basis(tables: MonthlyTables, last: Forecast) -> list[Part]:
    """The errors by what the rows of the grid rest on, what there is of BASIS."""
    code = basis(lag_tables(tables, last.month), grid(tables, last.month))
    return [
        part(BASIS[i], last.predicted[rows], last.actual[rows])
        for i, rows in _groups(code)
    ]


def by_category(
    tables: MonthlyTables, last: Forecast, names: dict[int, str]
) -> list[CategoryPart]:
    """The errors by category, those that add most to the squared error first."""
    catalogue = tables.catalogue
    code = catalogue.item_category[grid(tables, last.month).items]
    ids = catalogue.categories.tolist()
    parts = [
        CategoryPart(
            **msgspec.structs.asdict(
                part(names[ids[i]], last.predicted[rows], last.actual[rows])
            ),
            item_category_id=ids[i],
        )
        for i, rows in _groups(code)
    ]
    return sorted(parts, key=lambda p: -p.rows * p.rmse**2)


def by_price(tables: MonthlyTables, last: Forecast) -> list[Part]:
    """The errors by bands of the item's latest mean price, each of as many items."""
    items = grid(tables, last.month).items
    price = _latest_price(tables, last.month)
    edges = _price_edges(price[np.unique(items)])
    names = [f"{low:,.0f} to {high:,.0f}" for low, high in pairwise(edges)]
    names = [f"under {edges[0]:,.0f}", *names, f"{edges[-1]:,.0f} or more"]
    code = np.searchsorted(edges, price[items], side="right")
    code[np.isnan(price[items])] = len(names)
    names.append("no price")
    return [
        part(names[i], last.predicted[rows], last.actual[rows])
        for i, rows in _groups(code)
    ]


def _latest_price(tables: MonthlyTables, month: int) -> NDArray[np.float64]:
    """Every item's mean price in its latest lag month; NaN where it has none."""
    price = np.full(len(tables.catalogue.items), np.nan)
    for lag in reversed(LAGS):
        found = tables.entity("item_id", month - lag)[:, 0]
        price = np.where(np.isnan(found), price, found)
    return price


def _price_edges(prices: NDArray[np.float64]) -> NDArray[np.float64]:
    """What divides the prices into PRICE_BANDS, to two digits; at least one edge."""
    known = prices[prices > 0]
    if not len(known):
        return np.array([1.0])
    edges = np.quantile(known, np.arange(1, PRICE_BANDS) / PRICE_BANDS)
    return np.unique([float(f"{edge:.1e}") for edge in edges])


def by_decile(last: Forecast) -> list[Part]:
    """The errors by tenths of the rows, from the least predicted to the most."""
    return [
        part(str(i), last.predicted[rows], last.actual[rows])
        for i, rows in _deciles(last.predicted)
    ]


def _deciles(predicted: Floats) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Each tenth's number, from 1, and rows; those without rows left out."""
    order = np.argsort(predicted, kind="stable")
    for i, rows in enumerate(np.array_split(order, DECILES), 1):
        if len(rows):
            yield i, rows


def _groups(code: NDArray[np.integer]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Each code and the rows that have it."""
    order = np.argsort(code, kind="stable")
    codes, starts = np.unique(code[order], return_index=True)
    yield from zip(codes.tolist(), np.split(order, starts[1:]), strict=True)


def everywhere(
    tables: MonthlyTables, month: int, listed: Pairs, predict: Predict, at_most: int
) -> list[Part]:
    """The errors on the catalogue's pairs in `month`: listed ones, and the others.

    Listed is what the forecast month lists. What sold nothing counts as 0, on sale or
    not. Of the pairs that are not listed, at most `at_most` are drawn.
    """
    lags = lag_tables(tables, month)
    gaps = filled(lags, known_fill(fills(lags, grid(tables, month))))
    sold = sold_in(tables, month)

    def scored(name: str, pairs: Pairs) -> Part:
        raw = [predict(vectors(gaps, block)) for block in pairs.blocks()]
        predicted = np.concatenate(raw).clip(*TARGET_RANGE)
        return part(name, predicted, sold[pairs.shops, pairs.items].clip(*TARGET_RANGE))

    others = _others(every_pair(tables.catalogue), listed, sold.shape, at_most)
    named = (("listed", listed), ("not listed", others))
    return [scored(name, pairs) for name, pairs in named if len(pairs)]


def _others(pairs: Pairs, listed: Pairs, shape: tuple[int, ...], at_most: int) -> Pairs:
    """The pairs that are not listed, or an even share of them."""
    drawn = np.ones(shape, np.bool_)
    drawn[listed.shops, listed.items] = False
    share = at_most / max(int(drawn.sum()), 1)
    if share < 1:
        drawn &= np.random.default_rng(0).random(shape) < share
    return pairs.take(drawn[pairs.shops, pairs.items])


def coverage(name: str, lower: Floats, upper: Floats, actual: Floats) -> Coverage:
    """How intervals fared on rows, at least one; all arrays have shape (rows,)."""
    below, above = float(np.mean(actual < lower)), float(np.mean(actual > upper))
    return Coverage(
        name,
        len(actual),
        covered=1 - below - above,
        below=below,
        above=above,
        lower=float(lower.mean(dtype=np.float64)),
        upper=float(upper.mean(dtype=np.float64)),
        lower_loss=pinball(lower, actual, LOWER),
        upper_loss=pinball(upper, actual, UPPER),
    )


def pinball(bound: Floats, actual: Floats, level: float) -> float:
    """The mean pinball loss, units: least where `bound` is the quantile `level`.

    Koenker and Bassett, "Regression Quantiles" (1978).
    """
    error = actual.astype(np.float64) - bound
    return float(np.mean(np.maximum(level * error, (level - 1) * error)))


def coverages(intervals: Intervals, last: Forecast) -> list[Coverage]:
    """How intervals fared on all rows, and on those predicted at HALF or more."""
    lower, upper = intervals.many(last.predicted)
    large = last.predicted >= HALF
    named = ("all", np.ones_like(large)), (f"predicted at {HALF} or more", large)
    return [
        coverage(name, lower[rows], upper[rows], last.actual[rows])
        for name, rows in named
        if rows.any()
    ]


def coverage_by_decile(intervals: Intervals, last: Forecast) -> list[Coverage]:
    """How intervals fared on tenths of the rows, from the least predicted upwards."""
    lower, upper = intervals.many(last.predicted)
    return [
        coverage(str(i), lower[rows], upper[rows], last.actual[rows])
        for i, rows in _deciles(last.predicted)
    ]
